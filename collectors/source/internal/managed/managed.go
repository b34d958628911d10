// Package managed cuts an object's metadata.managedFields down to what is evidence:
// when its spec or its data was changed. As the server writes them they are most of
// an object's bytes.
package managed

// parts are the fields of an object whose changes are told, as fieldsV1 names them.
func parts() []string { return []string{"f:spec", "f:data"} }

// Cut leaves of each manager the time, the subresource, and which of spec and data
// it wrote. Managers that wrote neither are left out, and so is all of it where the
// times of that kind of object are no evidence.
func Cut(object map[string]any) {
	metadata, _ := object["metadata"].(map[string]any)
	entries, _ := metadata["managedFields"].([]any)
	delete(metadata, "managedFields")
	if !dated(object["kind"]) {
		return
	}
	var kept []any
	for _, entry := range entries {
		if short := cut(entry); short != nil {
			kept = append(kept, short)
		}
	}
	if len(kept) > 0 {
		metadata["managedFields"] = kept
	}
}

func dated(kind any) bool {
	return kind == "Cluster" || kind == "TanzuKubernetesCluster" || kind == "Secret"
}

func cut(entry any) map[string]any {
	manager, _ := entry.(map[string]any)
	fields, _ := manager["fieldsV1"].(map[string]any)
	wrote := map[string]any{}
	for _, part := range parts() {
		if _, ok := fields[part]; ok {
			wrote[part] = map[string]any{}
		}
	}
	at, dated := manager["time"]
	if !dated || len(wrote) == 0 {
		return nil
	}
	short := map[string]any{"time": at, "fieldsV1": wrote}
	if subresource, ok := manager["subresource"]; ok {
		short["subresource"] = subresource
	}
	return short
}
