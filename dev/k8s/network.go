package manifests

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Arrows lists what the NetworkPolicies allow for each pod, as "in PEER:PORT" and
// "out PEER:PORT"; a direction that no policy closes is "in everything".
func Arrows(o *Objects) map[string][]string {
	all := map[string][]string{}
	add := func(name string, pods map[string]string) {
		found := map[string]bool{}
		closed := map[networkingv1.PolicyType]bool{}
		for _, p := range o.Policies {
			if !selects(&p.Spec.PodSelector, labels.Set(pods)) {
				continue
			}
			for _, t := range p.Spec.PolicyTypes {
				closed[t] = true
			}
			for _, rule := range p.Spec.Ingress {
				for _, arrow := range ends(rule.From, rule.Ports) {
					found["in "+arrow] = true
				}
			}
			for _, rule := range p.Spec.Egress {
				for _, arrow := range ends(rule.To, rule.Ports) {
					found["out "+arrow] = true
				}
			}
		}
		if !closed[networkingv1.PolicyTypeIngress] {
			found["in everything"] = true
		}
		if !closed[networkingv1.PolicyTypeEgress] {
			found["out everything"] = true
		}
		all[name] = slices.Sorted(maps.Keys(found))
	}
	for _, d := range o.Deployments {
		add(d.Name, d.Spec.Template.Labels)
	}
	for _, s := range o.StatefulSets {
		add(s.Name, s.Spec.Template.Labels)
	}
	for _, j := range o.Jobs {
		add(j.Name, j.Spec.Template.Labels)
	}
	add("any other pod", nil)
	return all
}

// inside are addresses in ranges that are not out on the Internet: of hosts, pods and
// private networks, and those where clouds answer for the credentials of a machine.
var inside = []string{
	"0.0.0.1", "10.96.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.254",
	"192.0.0.192", "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
	"::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2001::a00:1", "2002:a00:1::1", "fd00:ec2::254", "fe80::1", "ff02::1",
}

// blockName is "public addresses" for a block that holds nothing inside.
func blockName(block *networkingv1.IPBlock) string {
	cidr, err := netip.ParsePrefix(block.CIDR)
	if err != nil {
		return err.Error()
	}
	for _, text := range inside {
		address := netip.MustParseAddr(text)
		if !cidr.Contains(address) {
			continue
		}
		excepted := slices.ContainsFunc(block.Except, func(except string) bool {
			prefix, err := netip.ParsePrefix(except)
			return err == nil && prefix.Contains(address)
		})
		if !excepted {
			return block.CIDR + " with " + text
		}
	}
	return "public addresses in " + block.CIDR
}

func ends(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) []string {
	names := []string{"anywhere"}
	if len(peers) > 0 {
		names = nil
	}
	for _, p := range peers {
		var parts []string
		for _, s := range []*metav1.LabelSelector{p.NamespaceSelector, p.PodSelector} {
			if s != nil {
				parts = append(parts, metav1.FormatLabelSelector(s))
			}
		}
		if p.IPBlock != nil {
			parts = append(parts, blockName(p.IPBlock))
		}
		names = append(names, strings.Join(parts, " "))
	}
	var arrows []string
	for _, name := range names {
		if len(ports) == 0 {
			arrows = append(arrows, name)
		}
		for _, port := range ports {
			protocol := ""
			if *port.Protocol != corev1.ProtocolTCP {
				protocol = string(*port.Protocol) + " "
			}
			arrows = append(arrows, fmt.Sprintf("%s:%s%s", name, protocol, port.Port))
		}
	}
	return arrows
}
