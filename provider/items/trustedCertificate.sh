# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# trustedCertificate: name path mode owner group validate mark; data is the certificate

gw_trusted=/etc/ssl/certs

trustedCertificate_observe() {
  gw_sum=absent
  [ ! -f "$path" ] || [ -L "$path" ] || gw_sum=$(sha256sum <"$path")
  gw_is_trusted=no
  ! grep -qsxF -e "$mark" "$gw_trusted/ca-certificates.crt" || gw_is_trusted=yes
  observed="sha256=${gw_sum%% *} trusted=$gw_is_trusted"
}

trustedCertificate_apply() {
  command -v update-ca-certificates >/dev/null || {
    echo "there is no update-ca-certificates: install the package ca-certificates before"
    return 1
  }
  in_turn certificates trustedCertificate_bring
}

# Certificates and their links come and go under one lock: the program lists them first, and reads them afterwards.
trustedCertificate_bring() { file_apply && trustedCertificate_update; }

# It makes the links of hashes anew only for names that it has no link of, and takes none away with its file.
trustedCertificate_update() {
  if [ "$(readlink "$gw_trusted/$name.pem")" = "$path" ]; then
    rm -f "$gw_trusted/$name.pem" && find "$gw_trusted" -maxdepth 1 -type l -lname "$name.pem" -delete || return 1
  fi
  ! command -v update-ca-certificates >/dev/null || limit update-ca-certificates </dev/null
}

trustedCertificate_capture() { file_capture; }
trustedCertificate_has_content() { :; }
trustedCertificate_restore() { in_turn certificates file_restore; }
trustedCertificate_after_restore() { in_turn certificates trustedCertificate_update; }
