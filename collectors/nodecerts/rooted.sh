# rooted.sh ROOT: lists the node whose root is mounted at ROOT. script.go puts the
# beginning of script.sh before it: B is the boundary, K lists a file's certificates,
# W the files that a text names. It does what script.sh does in the same order, but
# follows links itself: absolute ones lead below ROOT.
#
# Lists are texts of one line each. P is where a path of the node leads, here; Q is
# the same, without following a link at its end. P is empty where links go in circles.
H=${1%/}
o() { printf "\n%s %s" "$B" "$1"; }
p() {
	w=$1 P=$H Q= n=0
	while [ "$w" ]; do
		c=${w%%/*}
		case $w in */*) w=${w#*/} ;; *) w= ;; esac
		case $c in
		"" | .) continue ;;
		..)
			[ "$P" = "$H" ] || P=${P%/*}
			continue
			;;
		esac
		[ "$w$Q" ] || Q=$P/$c
		if [ -h "$P/$c" ]; then
			n=$((n + 1))
			[ $n -gt 40 ] && P= && return
			t=$(readlink "$P/$c")
			case $t in /*) P=$H ;; esac
			w=$t${w:+/$w}
		else
			P=$P/$c
		fi
	done
	[ "$Q" ] || Q=$P
}
# g FOLDER PATTERN: X is what fits a pattern below a folder.
g() {
	X=$1$N r=$2
	while [ "$r" ]; do
		m=${r%%/*} Z=
		case $r in */*) r=${r#*/} ;; *) r= ;; esac
		IFS=$N
		set -f
		for d in $X; do
			set +f
			p "$d"
			for k in "$P"/$m; do
				[ "$k" = "$P/$m" ] && { [ -e "$k" ] || [ -h "$k" ] || continue; }
				case $k in *"$N"*)
					odd=1
					continue
					;;
				esac
				Z=$Z${d%/}/${k##*/}$N
			done
		done
		set +f
		unset IFS
		X=$Z
	done
}
u() { U=$U$1$N; }
v() {
	g "$1" "$2"
	U=$U$X
}
# e looks at the path f.
e() {
	p "$f"
	l=
	[ -h "$Q" ] && l=$(readlink "$Q")
	s=absent
	if [ ! "$P" ]; then
		s=loop
	elif [ -d "$P" ]; then
		s=directory
		[ -r "$P" ] && [ -x "$P" ] || s=unreadable
	elif [ -f "$P" ]; then
		s=ok
		[ -r "$P" ] || s=unreadable
	elif [ -e "$P" ]; then
		s=special
	else
		case $(cat "$P" 2>&1) in
		*y) [ "$l" ] && s=dangling ;;
		*d) s=unreadable ;;
		*) s=loop ;;
		esac
	fi
	case ${f##*/}:$l in
	????????.[0-9]:*/*) ;;
	????????.[0-9]:?*)
		o "file $s$N$f"
		o "link$N$l"
		return
		;;
	esac
	set -f
	set -- $(ls -Lldn --full-time "$P" || ls -Lldn "$P")
	set +f
	[ $s = ok ] && { [ "$5" -le 1048576 ] || s=large; }
	o "file $s $1 $3 $4 $5 $6 $7 $8$N$f"
	[ "$l" ] && o "link$N$l"
	[ $s = ok ] && [ "$f" != "$b" ] || return
	case $M$f in
	1*/tkg-*) ;;
	1*)
		i=
		for k in $(sed -n "$K" "$P"); do
			eval j=\$$k
			[ "$j" ] || {
				i=
				break
			}
			i="$i $j"
		done
		[ "$i" ] && {
			o "in$i"
			return
		}
		;;
	esac
	[ "$l" ] && {
		l=${P#"$H"}
		o "real$N$l"
	}
	case $l in */ca-trust/extracted/*) return ;; esac
	[ $((T + $5)) -gt 1000000 ] && {
		o cut
		return
	}
	T=$((T + $5))
	if [ "$(sed -n "/PRIVATE KEY-/{p;q;}" "$P")" ]; then
		i=$(sed "s/\(PRIVATE KEY-----\).*/\1/;/BEGIN.*PRIVATE KEY-/,/END.*PRIVATE KEY-/{/PRIVATE KEY-/!d;}" "$P")
		o "part ${#i}$N$i"
	else
		case $f in *.key) ;; *)
			o "data $5$N"
			cat "$P"
			;;
		esac
	fi
	case $A$f in 1* | *.toml | *.conf | *.service) ;; *) return ;; esac
	[ "$5" -lt 65536 ] || return
	IFS=$N
	set -f
	for x in $(sed -n "$W" "$P"); do
		case $x in
		*SSL_CERT_*=/* | *EnvironmentFile=*/*)
			x=/${x#*=*/}
			q="$q$N${x%% *}"
			;;
		//*) ;;
		/*) q="$q$N$x" ;;
		*.toml | *.crt | *.pem) q="$q$N${f%/*}/$x" ;;
		esac
	done
	unset IFS
	set +f
}
# a looks at the paths of the list U, and empties it.
a() {
	set -f
	IFS=$N
	set -- $U
	unset IFS
	set +f
	U=
	for f; do
		p "$f"
		[ "$P" ] && [ -e "$P" ] || [ -h "$Q" ] || [ "$A" ] || case $f:$(cat "$Q" 2>&1) in
		*\**:*) continue ;;
		*d) ;;
		*) continue ;;
		esac
		T=$((T + 250))
		[ $T -gt 1000000 ] && {
			o cut
			return
		}
		[ "$M" ] || V="$V$f$N"
		e
	done
}

for b in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/pki/tls/cacert.pem /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem; do
	p "$b"
	[ "$P" ] && [ -f "$P" ] && [ -r "$P" ] && break
	b=
done
printf "regpolicy-listing 1 %s\n" "$B"
o "clock $(date +%s)"
read -r i <"$H/proc/sys/kernel/osrelease" && o "kernel$N$i"
[ -r "$H/proc/1/stat" ] && {
	o "proc$N"
	sed -n "/^btime/p" "$H/proc/stat"
	cat "$H"/proc/[0-9]*/stat | sed -n "/^[0-9]* (\(containerd\|crio\|dockerd\|kubelet\)) /p"
}
E=/etc/ssl/certs C=/etc/containerd L=/usr/local/share/ca-certificates
q= U= i=0 odd=
[ "$b" ] && set -- $(ls -Lldn "$P") && { [ "$5" -le 1048576 ] || {
	f=$b b=
	e
}; }
[ "$b" ] && p "$b" && for k in $(sed -n "$K" "$P"); do
	i=$((i + 1))
	[ $k = kX ] || eval $k=$i
done
V="$N$N$E$N/etc/pki/tls/certs$N"

u /etc/os-release
u $C
for d in "*.toml" "*.crt" "*.pem"; do v $C "$d"; done
u $C/conf.d
v $C/conf.d "*.toml"
for y in containerd crio docker kubelet; do
	for z in /etc /usr/lib; do
		z=$z/systemd/system/$y.service
		u $z
		u $z.d
		v $z.d "*.conf"
	done
done
for y in $C/certs.d /etc/docker/certs.d; do
	u $y
	v $y "*"
	v $y "*/*"
done
a
A=1 M=1
for y in 1 2 3; do
	O=
	IFS=$N
	set -f
	for x in $q; do
		case $x in
		*\**)
			g / "${x#/}"
			O=$O${X:-$x$N}
			;;
		*) O=$O$x$N ;;
		esac
		IFS=$N
		set -f
	done
	for x in $O; do
		unset IFS
		set +f
		x=${x%/}
		case $V in *"$N$x$N"*) continue ;; esac
		V="$V$x$N"
		u "$x"
		p "$x"
		[ "$P" ] && [ -d "$P" ] || continue
		Y=
		for t in "*" "*/hosts.toml" "*/*.crt" "*/*.cert" "*/*.key" "*/*.pem"; do
			g "$x" "$t"
			Y=$Y$X
		done
		IFS=$N
		set -f
		for z in $Y; do
			p "$z"
			case $z in
			*.crt | *.pem | *.[0-9] | */hosts.toml | *.cert | *.key) ;;
			*) [ "$P" ] && [ -d "$P" ] || continue ;;
			esac
			[ "$P" ] && [ -e "$P" ] || [ -h "$Q" ] && u "$z"
		done
	done
	unset IFS
	set +f
	q=
	a
done
A= M=
for y in $L /etc/pki/ca-trust/source/anchors; do
	u $y
	v $y "*"
	[ $y = $L ] && v $y "*/*" && v $y "*/*/*"
done
a
M=1
for y in $E /etc/pki/tls/certs; do
	u $y
	v $y "*"
	v $y ".[!.]*"
done
a
[ "$b" ] && {
	p "$b"
	i=$(
		sed "/^  .*[:,]/d" "$P"
		echo .
	)
	i=${i%.}
	o "bundle ${#i}$N$b$N$i"
}
# A name of two lines has no place in a list: the listing is not whole.
[ "$odd" ] && o "file absent$N." && o cut
o "end $(date +%s)$N"
