// Package nodecerts collects what a node trusts: certificate files and where
// they lie, the system's trust stores as Go and as OpenSSL read them, the
// container runtime's start time, its registry configuration, proxies, clock.
//
// A Listing is the raw facts. It comes from a stream that one fixed shell script
// writes on the node (Script, ParseStream), from a copied file tree (ReadTree) or
// from a node's mounted root (ReadHostRoot), and is the same whichever way it
// came: all three look at the same places in the same order with the same limits.
// Record turns a listing into the document's records. It judges nothing.
//
// Private keys are withheld where they lie: of a PEM file that holds one the
// script sends the labels without what is between them, of *.key files in another
// form nothing.
package nodecerts
