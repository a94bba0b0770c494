/** Programs that wait for a daemon, a server, the kernel, a lock or somebody else's script. */
export const waiting =
  `apt-cache apt-get apt-mark curl dpkg dpkg-query findfs findmnt getent grub-mkconfig hostname ip
  journalctl modinfo modprobe mount mountpoint networkctl nft nscd openssl perl setpriv swapoff swapon systemctl
  systemd-detect-virt tar udevadm umount unshare update-ca-certificates visudo`.split(/\s+/);
