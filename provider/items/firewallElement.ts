/** An element of a named set of `table inet groundwork`, as its shell functions see it. */
export interface FirewallElement {
  set: string;
  /** In nft's own writing, so that a listing shows it the same. */
  element: string;
  /** Its file in `/etc/groundwork/firewall.d`. */
  file: string;
}

export function firewallElement(set: string, element: string): FirewallElement {
  return {
    set,
    element,
    file: `${set}-${element.replaceAll(" . ", "-").replaceAll("/", "_").replaceAll(":", "+")}.nft`,
  };
}
