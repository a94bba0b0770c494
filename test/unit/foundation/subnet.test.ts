import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addressNumber,
  addressText,
  contains,
  firstAddress,
  overlaps,
  parseSubnet,
  type Subnet,
  samePlace,
} from "../../../foundation/subnet.ts";

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  assert.ok(parsed, text);
  return parsed;
}

test("any IPv4 or IPv6 address survives the way to a number and back", () => {
  fc.assert(fc.property(fc.ipV4(), (address) => addressText(4, addressNumber(address) ?? -1n) === address));
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (value) => {
      assert.equal(addressNumber(addressText(6, value)), value);
    }),
  );
});

test("an IPv6 address is written in its shortest form", () => {
  assert.equal(addressText(6, addressNumber("fd77:0:0:0:0:0:0:b") ?? 0n), "fd77::b");
  assert.equal(addressText(6, addressNumber("2001:db8:0:1:0:0:0:1") ?? 0n), "2001:db8:0:1::1");
  assert.equal(addressText(6, addressNumber("1:0:2:0:3:0:4:0") ?? 0n), "1:0:2:0:3:0:4:0");
  assert.equal(addressText(6, 0n), "::");
  assert.equal(addressText(6, addressNumber("::ffff:192.0.2.1") ?? 0n), "::ffff:c000:201");
});

test("the bridge gets the first address of a subnet", () => {
  assert.equal(firstAddress(subnet("10.77.0.0/24")), "10.77.0.1");
  assert.equal(firstAddress(subnet("10.77.0.129/25")), "10.77.0.129");
  assert.equal(firstAddress(subnet("fd77::/64")), "fd77::1");
});

test("two subnets overlap exactly when one holds the other's base", () => {
  assert.equal(overlaps(subnet("10.77.0.0/24"), subnet("10.0.0.0/8")), true);
  assert.equal(overlaps(subnet("10.0.0.0/8"), subnet("10.77.0.0/24")), true);
  assert.equal(overlaps(subnet("10.77.0.0/24"), subnet("10.77.1.0/24")), false);
  assert.equal(overlaps(subnet("10.77.0.0/24"), subnet("fd77::/64")), false);
});

test("a subnet holds the addresses of its own family and range only", () => {
  assert.equal(contains(subnet("10.77.0.0/24"), "10.77.0.255"), true);
  assert.equal(contains(subnet("10.77.0.0/24"), "10.77.1.0"), false);
  assert.equal(contains(subnet("10.77.0.0/24"), "fd77::1"), false);
  assert.equal(contains(subnet("10.77.0.0/24"), "nonsense"), false);
});

test("a machine's IPv6 address has the same place in its subnet as its IPv4 address", () => {
  assert.equal(samePlace(subnet("10.77.0.0/24"), "10.77.0.11", subnet("fd77::/64")), "fd77::b");
});

test("what is no subnet is refused", () => {
  for (const text of [
    "10.77.0.0",
    "10.77.0.0/33",
    "10.77.0/24",
    "fd77::/129",
    "x/8",
    "10.0.0.0/8/8",
    "",
    "fe80::1%eth0/64",
  ]) {
    assert.equal(parseSubnet(text), undefined, text);
  }
});
