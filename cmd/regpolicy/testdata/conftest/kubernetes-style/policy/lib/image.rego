package lib.image

host(ref) = h {
	parts := split(ref, "/")
	count(parts) > 1
	re_match(`[.:]|^localhost$`, parts[0])
	h := parts[0]
}

tag(ref) = t {
	name := last(split(ref, "/"))
	contains(name, ":")
	t := last(split(name, ":"))
}

last(list) = list[minus(count(list), 1)]
