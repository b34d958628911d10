package agent

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/labels"
)

// Whether names can be what they are to name is told before anything is contacted.

var (
	namespaceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	imagePattern  = regexp.MustCompile(`^[A-Za-z0-9._:/@*-]{1,500}$`)
)

// CheckNamespace refuses what no namespace is called.
func CheckNamespace(name string) error {
	if !namespaceName.MatchString(name) {
		return fmt.Errorf("%q is not the name of a namespace", name)
	}
	return nil
}

// CheckSelector refuses what selects no labels.
func CheckSelector(selector string) error {
	if _, err := labels.Parse(selector); err != nil || selector == "" {
		return fmt.Errorf("%q is no label selector", selector)
	}
	return nil
}

// CheckImage refuses what no image is called.
func CheckImage(image string) error {
	if _, err := reference.ParseDockerRef(image); err != nil {
		return fmt.Errorf("%q is not the name of an image: %w", image, err)
	}
	return nil
}

// CheckPattern refuses what PickImage could not find.
func CheckPattern(pattern string) error {
	if !imagePattern.MatchString(pattern) {
		return errors.New("an image's name has letters, digits and . _ : / @ - only, and * for anything")
	}
	return nil
}
