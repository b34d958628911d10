exec 2>/dev/null
LC_ALL=C TZ=UTC0;export LC_ALL TZ
N="
"
B="=$$.$(date +%s)=" T=0 A= M= q=
K="/^-----BEGIN CERTIFICATE-----\$/{
\$s/.*/kX/p
s/.*/O/
x
/^O/s/.*/kX/p
d
}
/^-----END CERTIFICATE-----\$/{
s/.*//
x
s/^O/k/
s/_/-/g
s/\n//g
s/+/_p/g
s/\//_s/g
s/=/_e/g
/^k[A-Za-z0-9_][A-Za-z0-9_]*\$/!s/.*/kX/
p
d
}
/-----/s/.*/kX/p
H
\${
x
/^O/s/.*/kX/p
}"
W="/\(^\|[^a-z_]\)\(ca\|ca_file\|config_path\|imports\)[\"[:blank:]]*=/!{
/SSL_CERT_\|EnvironmentFile/!d
}
:a
/\[[^]]*\$/{
\$!{
N
ba
}
}
s|[^-+@~,A-Za-z0-9_./*= ]|\\
|g
s/ SSL_CERT_/\\
SSL_CERT_/g
p"
o(){ printf "\n%s %s" "$B" "$1";}
e(){
l=;[ -h "$f" ]&&l=$(readlink "$f")
s=absent
if [ -d "$f" ];then s=directory;[ -r "$f" ]&&[ -x "$f" ]||s=unreadable
elif [ -f "$f" ];then s=ok;[ -r "$f" ]||s=unreadable
elif [ -e "$f" ];then s=special
else case $(cat "$f" 2>&1) in *y)[ "$l" ]&&s=dangling;;*d)s=unreadable;;*)s=loop;;esac;fi
case ${f##*/}:$l in ????????.[0-9]:*/*);;????????.[0-9]:?*)o "file $s$N$f";o "link$N$l";return;;esac
set -f;set -- $(ls -Lldn --full-time "$f"||ls -Lldn "$f");set +f
[ $s = ok ]&&{ [ "$5" -le 1048576 ]||s=large;}
o "file $s $1 $3 $4 $5 $6 $7 $8$N$f"
[ "$l" ]&&o "link$N$l"
[ $s = ok ]&&[ "$f" != "$b" ]||return
case $M$f in 1*/tkg-*);;1*)i=;for k in $(sed -n "$K" "$f");do eval j=\$$k;[ "$j" ]||{ i=;break;};i="$i $j";done
[ "$i" ]&&{ o "in$i";return;};;esac
[ "$l" ]&&{ l=$(readlink -f "$f");o "real$N$l";}
case $l in */ca-trust/extracted/*)return;;esac
[ $((T+$5)) -gt 1000000 ]&&{ o cut;return;}
T=$((T+$5))
if [ "$(sed -n "/PRIVATE KEY-/{p;q;}" "$f")" ];then i=$(sed "s/\(PRIVATE KEY-----\).*/\1/;/BEGIN.*PRIVATE KEY-/,/END.*PRIVATE KEY-/{/PRIVATE KEY-/!d;}" "$f");o "part ${#i}$N$i"
else case $f in *.key);;*)o "data $5$N";cat "$f";;esac;fi
case $A$f in 1*|*.toml|*.conf|*.service)[ "$5" -lt 65536 ]||return
IFS=$N;set -f;for x in $(sed -n "$W" "$f");do
case $x in *SSL_CERT_*=/*|*EnvironmentFile=*/*)x=/${x#*=*/};q="$q$N${x%% *}";;//*);;/*)q="$q$N$x";;*.toml|*.crt|*.pem)q="$q$N${f%/*}/$x";;esac;done
unset IFS;set +f;esac
}
a(){ for f;do
[ -e "$f" ]||[ -h "$f" ]||[ "$A" ]||case $f:$(cat "$f" 2>&1) in *\**:*)continue;;*d);;*)continue;;esac
T=$((T+250));[ $T -gt 1000000 ]&&{ o cut;return;}
[ "$M" ]||V="$V$f$N"
e;done;}
for b in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/pki/tls/cacert.pem /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem;do [ -f "$b" ]&&[ -r "$b" ]&&break;b=;done
printf "regpolicy-listing 1 %s\n" "$B"
o "clock $(date +%s)"
read -r i </proc/sys/kernel/osrelease&&o "kernel$N$i"
[ -r /proc/1/stat ]&&{ o "proc$N";sed -n "/^btime/p" /proc/stat;cat /proc/[0-9]*/stat|sed -n "/^[0-9]* (\(containerd\|crio\|dockerd\|kubelet\)) /p";}
E=/etc/ssl/certs P=/etc/pki/tls/certs C=/etc/containerd D=/etc/docker/certs.d L=/usr/local/share/ca-certificates R=/etc/pki/ca-trust/source/anchors
i=0;[ "$b" ]&&set -- $(ls -Lldn "$b")&&{ [ "$5" -le 1048576 ]||{ f=$b b=;e;};}
[ "$b" ]&&for k in $(sed -n "$K" "$b");do i=$((i+1));[ $k = kX ]||eval $k=$i;done
V="$N$N$E$N$P$N"
set -- /etc/os-release $C $C/*.toml $C/*.crt $C/*.pem $C/conf.d $C/conf.d/*.toml
for i in containerd crio docker kubelet;do for d in /etc /usr/lib;do d=$d/systemd/system/$i.service;set -- "$@" $d $d.d $d.d/*.conf;done;done
for d in $C/certs.d $D;do set -- "$@" $d $d/* $d/*/*;done
a "$@"
A=1 M=1
for i in 1 2 3;do
set --;IFS=$N;for f in $q;do f=${f%/};case $V in *"$N$f$N"*)continue;;esac
V="$V$f$N";set -- "$@" "$f";[ -d "$f" ]&&for d in "$f"/* "$f"/*/hosts.toml "$f"/*/*.crt "$f"/*/*.cert "$f"/*/*.key "$f"/*/*.pem;do case $d in *.crt|*.pem|*.[0-9]|*/hosts.toml|*.cert|*.key);;*)[ -d "$d" ]||continue;;esac;[ -e "$d" ]||[ -h "$d" ]&&set -- "$@" "$d";done;done
unset IFS;q=
a "$@"
done
A= M=
a $L $L/* $L/*/* $L/*/*/* $R $R/*
M=1
a $E $E/* $E/.[!.]* $P $P/* $P/.[!.]*
[ "$b" ]&&{ i=$(sed "/^  .*[:,]/d" "$b";echo .);i=${i%.};o "bundle ${#i}$N$b$N$i";}
o "end $(date +%s)$N"
