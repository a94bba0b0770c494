import { yamlText } from "../yamlText.ts";
import { paths } from "./paths.ts";

/** Requests that only say that somebody is alive, or that would put secret values into the log. */
const auditRules = [
  { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version"] },
  { level: "None", resources: [{ group: "coordination.k8s.io", resources: ["leases"] }] },
  { level: "None", users: ["system:kube-proxy"], verbs: ["watch"] },
  {
    level: "Metadata",
    resources: [
      { group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] },
      { group: "authentication.k8s.io", resources: ["tokenreviews"] },
    ],
  },
  { level: "Request", verbs: ["create", "update", "patch", "delete", "deletecollection"] },
  { level: "Metadata" },
];

/** What is written to the audit log, and how much of it. */
const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: auditRules,
};

/** Pods that could take over their machine are refused, outside the cluster's own namespace. */
const podSecurity = {
  apiVersion: "pod-security.admission.config.k8s.io/v1",
  kind: "PodSecurityConfiguration",
  defaults: {
    enforce: "baseline",
    "enforce-version": "latest",
    audit: "restricted",
    "audit-version": "latest",
    warn: "restricted",
    "warn-version": "latest",
  },
  exemptions: { usernames: [], runtimeClasses: [], namespaces: ["kube-system"] },
};

const admission = {
  apiVersion: "apiserver.config.k8s.io/v1",
  kind: "AdmissionConfiguration",
  plugins: [{ name: "PodSecurity", configuration: podSecurity }],
};

/** Whoever has no identity may ask whether the server is alive, and nothing else. */
const authentication = {
  apiVersion: "apiserver.config.k8s.io/v1",
  kind: "AuthenticationConfiguration",
  anonymous: {
    enabled: true,
    conditions: ["/livez", "/readyz", "/healthz"].map((path) => ({ path })),
  },
};

/** The API server's own files by path. */
export const apiServerFiles: Readonly<Record<string, string>> = {
  [`${paths.apiServerFiles}/audit-policy.yaml`]: yamlText(auditPolicy),
  [`${paths.apiServerFiles}/admission.yaml`]: yamlText(admission),
  [`${paths.apiServerFiles}/authentication.yaml`]: yamlText(authentication),
};

/** The API server's flags for these files. Source: kube-apiserver reference, 1.36 */
export const apiServerFlags = {
  "admission-control-config-file": `${paths.apiServerFiles}/admission.yaml`,
  "audit-log-maxage": "30",
  "audit-log-maxbackup": "10",
  "audit-log-maxsize": "100",
  "audit-log-path": paths.auditLog,
  "audit-policy-file": `${paths.apiServerFiles}/audit-policy.yaml`,
  "authentication-config": `${paths.apiServerFiles}/authentication.yaml`,
  "encryption-provider-config": paths.encryption,
  "encryption-provider-config-automatic-reload": "true",
  profiling: "false",
} as const;
