package main

import (
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// serveDNS answers with the addresses of the zone. Other names do not exist, but
// for those that begin with dns-servfail: the server fails for them.
func serveDNS(packets net.PacketConn, zone map[string]string) error {
	buffer := make([]byte, 1500)
	for {
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return err
		}
		reply, err := answer(buffer[:n], zone)
		if err != nil {
			continue // no query that anybody here sends
		}
		if _, err := packets.WriteTo(reply, from); err != nil {
			return err
		}
	}
}

func answer(packet []byte, zone map[string]string) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative = true, true
	m.Additionals = nil // EDNS is optional for a server
	for _, q := range m.Questions {
		host := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
		address := net.ParseIP(zone[host]).To4()
		switch {
		case strings.HasPrefix(host, "dns-servfail"):
			m.RCode = dnsmessage.RCodeServerFailure
		case address == nil:
			m.RCode = dnsmessage.RCodeNameError
		case q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 30},
				Body:   &dnsmessage.AResource{A: [4]byte(address)},
			})
		}
	}
	return m.Pack()
}
