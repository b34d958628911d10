package trust

deny_encoding contains msg if {
	some key, entry in input.trust
	not entry.layers in entry.expected_layers
	msg := sprintf("%s has %d layer(s) of base64, its API wants %v", [key, entry.layers, entry.expected_layers])
}

warn_encoding contains msg if {
	some key, entry in input.trust
	entry.value.form != "pem"
	msg := sprintf("%s is %s", [key, entry.value.form])
}

warn_name contains msg if {
	some key, entry in input.trust
	endswith(entry.label, "-root-ca")
	msg := sprintf("%s says in its name what its certificate says", [key])
}

exception contains ["name"] if count(input.trust) == 1
