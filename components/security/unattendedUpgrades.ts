/** After the system's own 20auto-upgrades and 50unattended-upgrades, which stay as they are. */
export const unattendedUpgradesFile = "/etc/apt/apt.conf.d/52groundwork-unattended-upgrades";

/**
 * Debian's security archive, under the two names it has had, and Ubuntu's with those of its extended support, as its
 * 50unattended-upgrades has them. One system's are not met on the other.
 */
const origins = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: unattended-upgrades fills it in
  "origin=Debian,codename=${distro_codename},label=Debian-Security",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: unattended-upgrades fills it in
  "origin=Debian,codename=${distro_codename}-security,label=Debian-Security",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: unattended-upgrades fills it in
  "origin=Ubuntu,archive=${distro_codename}-security",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: unattended-upgrades fills it in
  "origin=UbuntuESM,archive=${distro_codename}-infra-security",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: unattended-upgrades fills it in
  "origin=UbuntuESMApps,archive=${distro_codename}-apps-security",
];

/** Security updates every day, nothing else, and no reboot: who reboots a cluster's machines does it one by one. */
export const unattendedUpgrades = `// Groundwork: security updates by themselves, and only these.
#clear Unattended-Upgrade::Allowed-Origins;
#clear Unattended-Upgrade::Origins-Pattern;
Unattended-Upgrade::Origins-Pattern {
${origins.map((origin) => `        "${origin}";`).join("\n")}
};
Unattended-Upgrade::Automatic-Reboot "false";
APT::Periodic::Enable "1";
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
`;

/** Refuses a file that apt cannot read. */
export const aptValidation = 'apt-config -c="$1" dump >/dev/null';

/** Lines that `apt-config dump` must print. */
export const effectiveApt = [
  'Unattended-Upgrade::Automatic-Reboot "false";',
  'APT::Periodic::Enable "1";',
  'APT::Periodic::Update-Package-Lists "1";',
  'APT::Periodic::Unattended-Upgrade "1";',
  ...origins.map((origin) => `Unattended-Upgrade::Origins-Pattern:: "${origin}";`),
];

/** Succeeds when every argument is a line of apt's merged configuration and no other origin is upgraded by itself. */
export const aptIsEffective = `
effective=$(apt-config dump) || exit 1
status=0
for wanted do
  printf '%s\\n' "$effective" | grep -qxF -- "$wanted" || {
    echo "not effective: $wanted"
    status=1
  }
done
origins=$(printf '%s\\n' "$effective" | grep -cE '^Unattended-Upgrade::(Origins-Pattern|Allowed-Origins)::')
[ "$origins" -eq ${origins.length} ] || {
  echo "$origins origins are upgraded by themselves, wanted ${origins.length}"
  status=1
}
[ $status -ne 0 ] || echo "$# settings are effective, $origins origins"
exit $status`;
