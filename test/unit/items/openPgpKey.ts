/** One key, Ed25519, under a header of any text or none. */
export const openPgpKey = (comment?: string): string => `-----BEGIN PGP PUBLIC KEY BLOCK-----
${comment === undefined ? "" : `Comment: ${comment}\n`}
mDMEawGyGBYJKwYBBAHaRw8BAQdAtC8fwhvlr4IK506ILnrQMYhM84MU+LQLoAo7
JPrqtsG0GFRlc3QgPHRAZXhhbXBsZS5pbnZhbGlkPoiQBBMWCAA4FiEE8MAVulgM
+siJUKqWjJd3ZwXrH7cFAmsBshgCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AA
CgkQjJd3ZwXrH7fFdQD/fA0L12kzsxbpJNJ95DCcSZ+bNr8MCAlJDbdx6QPvelkB
AKDtcoLofRHvejKE72qwhIFax/di2wpuqL6d3DAVkuIK
=bV2T
-----END PGP PUBLIC KEY BLOCK-----`;
