package podevents

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// eventsGroupEvent is an events.k8s.io/v1 Event where it differs from core/v1.
type eventsGroupEvent struct {
	metav1.ObjectMeta   `json:"metadata"`
	EventTime           metav1.MicroTime       `json:"eventTime"`
	Series              *corev1.EventSeries    `json:"series"`
	ReportingController string                 `json:"reportingController"`
	Reason              string                 `json:"reason"`
	Regarding           corev1.ObjectReference `json:"regarding"`
	Note                string                 `json:"note"`
	Type                string                 `json:"type"`
	Source              corev1.EventSource     `json:"deprecatedSource"`
	First               metav1.Time            `json:"deprecatedFirstTimestamp"`
	Last                metav1.Time            `json:"deprecatedLastTimestamp"`
	Count               int32                  `json:"deprecatedCount"`
}

// AddEventObject adds an event as it lies in a capture, of core/v1 or of
// events.k8s.io/v1 and v1beta1, which name the same fields differently.
func (c *Collector) AddEventObject(object map[string]any, prov evidence.Provenance) error {
	data, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("reading event: %w", err)
	}
	if object["regarding"] == nil && object["note"] == nil {
		var e corev1.Event
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("reading event: %w", err)
		}
		c.AddEvent(&e, prov)
		return nil
	}
	var e eventsGroupEvent
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("reading event: %w", err)
	}
	c.AddEvent(&corev1.Event{
		ObjectMeta: e.ObjectMeta, InvolvedObject: e.Regarding, Reason: e.Reason, Message: e.Note, Type: e.Type,
		Source: e.Source, FirstTimestamp: e.First, LastTimestamp: e.Last, Count: e.Count,
		EventTime: e.EventTime, Series: e.Series, ReportingController: e.ReportingController,
	}, prov)
	return nil
}
