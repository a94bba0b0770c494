/**
 * Image for containers that only live for a check: a shell, wget, nslookup and an HTTP server.
 * The Kubernetes project's copy of busybox 1.36.1; the digest is that of its index for all architectures.
 */
export const probeImage =
  "registry.k8s.io/e2e-test-images/busybox:1.36.1-1@sha256:a9155b13325b2abef48e71de77bb8ac015412a566829f621d06bfae5c699b1b9";
