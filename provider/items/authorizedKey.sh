# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2016 # perl has variables of its own
# authorizedKey: user key line; one line of ~/.ssh/authorized_keys. `key` is `TYPE BLOB`, by which the line is found,
# `line` how it is to read.
#
# The folder is its user's, who could put a link in its place at any moment: so it is written as its owner, and only
# looked at as root. Every byte of the other lines stays, which awk would not promise.

# The key of a line, behind options in which quotes hide blanks: sshd(8), AUTHORIZED_KEYS FILE FORMAT.
authorizedKey_perl='
  use strict;
  sub key_of {
    my $text = shift;
    $text =~ s/[\r\n]+\z//;
    $text =~ s/^[ \t]+//;
    return "" if $text eq "" || $text =~ /^#/;
    $text =~ s/^(?:\\"|"(?:\\"|[^"\\]|\\(?!"))*"|[^ \t"\\]|\\(?!"))+[ \t]+//
      unless $text =~ /^(?:ssh-|ecdsa-|sk-)\S+[ \t]/;
    my ($type, $blob) = split /[ \t]+/, $text;
    return defined $blob ? "$type $blob" : "";
  }
'

# Requests `USER KEY` on standard input; for each one line: what there is of the key, and whether sshd would read it.
authorizedKey_look() {
  limit perl -e "$authorizedKey_perl"'
    my %files;
    sub lines {
      my $file = shift;
      return $files{$file} if $files{$file};
      my %found;
      if (-f $file && open my $in, "<", $file) {
        while (my $text = <$in>) { my $key = key_of($text); push @{ $found{$key} }, $text if $key ne "" }
      }
      return $files{$file} = \%found;
    }
    while (my $request = <STDIN>) {
      chomp $request;
      my ($user, $key) = split / /, $request, 2;
      my ($uid, $home) = (getpwnam $user)[2, 7];
      if (!defined $uid) { print "no user\n"; next }
      my $file = "$home/.ssh/authorized_keys";
      if (-l $file || -e $file && !-f _) { print "no regular file\n"; next }
      my @found = @{ lines($file)->{$key} || [] };
      if (!@found) { print "absent\n"; next }
      my ($type, $blob) = split / /, $key;
      (my $shown = $found[0]) =~ s/\n\z//;
      $shown =~ s/\Q$type $blob\E/$type/ or $shown = "other blanks";
      $shown =~ s/[^\x20-\x7e\x80-\xff]/?/g;
      $shown .= " (" . @found . " lines)" if @found > 1;
      for my $place ($home, "$home/.ssh", $file) {
        my ($mode, $owner) = (stat $place)[2, 4];
        next if defined $mode && !($mode & 022) && ($owner == 0 || $owner == $uid);
        $shown .= " (sshd refuses the modes of $place)";
        last;
      }
      print "line=$shown\n";
    }
  '
}

authorizedKey_observe() {
  observed=$(printf '%s %s\n' "$user" "$key" | authorizedKey_look)
  [ -n "$observed" ] || observed=unknown
}

# One process for all keys.
authorizedKey_observe_many() {
  gw_requests=''
  for gw_i in "$@"; do
    use_item "$gw_i"
    gw_requests=$gw_requests$user' '$key$gw_newline
  done
  gw_seen=$(printf '%s' "$gw_requests" | authorizedKey_look) || {
    answered $? perl || remember_unknown "$@"
    return 0
  }
  exec 5<<GW_END
$gw_seen
GW_END
  for gw_i in "$@"; do
    IFS= read -r observed <&5 || observed=''
    [ -z "$observed" ] || remember "$gw_i" "$observed"
  done
  exec 5<&-
}

authorizedKey_home() { # sets gw_uid, gw_gid, gw_home and gw_file of the current item's user
  gw_entry=$(limit getent passwd "$user") || return
  IFS=: read -r _ _ gw_uid gw_gid _ gw_home _ <<GW_END
$gw_entry
GW_END
  gw_file=$gw_home/.ssh/authorized_keys
}

# As who may write the folder: its user, or root where the folder is root's. Streams side by side change one file, one
# after the other.
authorizedKey_as() { # PERL-PROGRAM ARGUMENTS…
  gw_owner_id=$gw_uid gw_group_id=$gw_gid
  if [ -e "$gw_home/.ssh" ]; then
    gw_owner_id=$(stat -L -c %u "$gw_home/.ssh") || return 1
    case $gw_owner_id in
      "$gw_uid") ;;
      0) gw_group_id=0 ;;
      *)
        echo "$gw_home/.ssh belongs to neither $user nor root"
        return 1
        ;;
    esac
  fi
  gw_script=$authorizedKey_perl$authorizedKey_edit$1
  shift
  locked keys timeout -k 5 "$time_limit" setpriv --reuid="$gw_owner_id" --regid="$gw_group_id" --clear-groups \
    perl -e "$gw_script" "$gw_home" "$gw_owner" "$@"
}

# Stands in the folder, which is the one that it seems to be: root never follows a link that a user made.
authorizedKey_edit='
  my ($home, $owner, @arguments) = @ARGV;
  use Fcntl;
  use IO::Handle;
  sub fail { die "$home/.ssh: $_[0]: $!\n" }
  sub enter {
    umask 077;
    chdir $home or fail("enter the home");
    my $base = readlink "/proc/self/cwd";
    -d ".ssh" or mkdir ".ssh" or fail("make");
    chdir ".ssh" or fail("enter");
    $> != 0 or readlink("/proc/self/cwd") eq "$base/.ssh" or die "$home/.ssh is a link\n";
    !-l "authorized_keys" or die "$home/.ssh/authorized_keys is a link\n";
  }
  sub old_lines {
    open my $in, "<", "authorized_keys" or -e "authorized_keys" ? fail("read") : return;
    return <$in>;
  }
  # The lines with $line in place of the first one of the key, and without its others.
  sub with_line {
    my ($key, $line, @old) = @_;
    my ($done, @new) = 0;
    for (@old) {
      if (key_of($_) ne $key) { push @new, $_; next }
      push @new, $line unless $done++ || $line eq "";
    }
    return @new if $done || $line eq "";
    $new[-1] .= "\n" if @new && $new[-1] !~ /\n\z/;
    return (@new, $line);
  }
  sub put {
    my ($mode, $time, @lines) = @_;
    my $new = "authorized_keys.groundwork-$owner";
    unlink $new;
    sysopen my $out, $new, O_WRONLY | O_CREAT | O_EXCL, 0600 or fail("write");
    (print $out @lines) && $out->flush && $out->sync && chmod($mode, $out) && close $out or fail("write");
    $time eq "" or system("touch", "-d", "\@$time", "--", $new) == 0 or fail("touch");
    rename $new, "authorized_keys" or fail("rename");
  }
'

authorizedKey_apply() {
  case $observed in
    'no user')
      echo "there is no user $user"
      return 1
      ;;
    'no regular file')
      echo "the user's authorized_keys is a link, or no file"
      return 1
      ;;
  esac
  authorizedKey_home && [ -d "$gw_home" ] || {
    answered $? getent || return
    echo "$user has no home"
    return 1
  }
  GW_LINE=$line authorizedKey_as '
    enter();
    my $folder = (stat ".")[2] & 07777;
    chmod $folder & ~022, "." or fail("chmod") if $folder & 022;
    my $mode = -e "authorized_keys" ? (stat _)[2] & 07777 & ~022 : 0600;
    put($mode, "", with_line($arguments[0], "$ENV{GW_LINE}\n", old_lines()));
  ' "$key"
}

# A file or folder that was not there is marked: whichever key goes last takes it away.
authorizedKey_capture() {
  authorizedKey_home || {
    answered $? getent
    return
  }
  [ -d "$gw_home" ] || return 0
  if [ ! -d "$gw_home/.ssh" ]; then
    made_note "$gw_file"
  else
    stat -L -c %a "$gw_home/.ssh" >"$capture/folder"
  fi
  if [ -L "$gw_file" ] || { [ -e "$gw_file" ] && [ ! -f "$gw_file" ]; }; then
    # Apply refuses it, and nothing is to be put back.
    true >"$capture/refused"
  elif [ -f "$gw_file" ]; then
    authorizedKey_as 'enter(); print old_lines()' >"$capture/old" &&
      stat -c '%a %u:%g %.9Y' "$gw_file" >"$capture/was"
  else
    made_mark "$gw_file"
  fi
}

authorizedKey_has_content() { :; }

# Where nothing else changed since, the very file comes back; else the one line is put back as it was.
authorizedKey_restore() {
  [ ! -e "$capture/refused" ] || return 0
  authorizedKey_home || {
    answered $? getent
    return
  }
  [ -d "$gw_home/.ssh" ] || authorizedKey_comes_back || return 0
  gw_mode='' gw_ids='' gw_time='' gw_folder=''
  gw_old=/dev/null
  if [ -f "$capture/was" ]; then
    read -r gw_mode gw_ids gw_time <"$capture/was"
    gw_old=$capture/old
  fi
  [ ! -f "$capture/folder" ] || read -r gw_folder <"$capture/folder"
  # Taken away in the same operation, with its marks.
  [ -d "$gw_home/.ssh" ] || made_note "$gw_file"
  [ ! -f "$capture/was" ] || [ -e "$gw_file" ] || made_mark "$gw_file"
  gw_made=''
  [ ! -e "$gw_root/made$gw_file/.made" ] || gw_made=yes
  GW_LINE=$line authorizedKey_as '
    my ($key, $mode, $time, $folder, $made) = @arguments;
    my @old = <STDIN>;
    enter();
    my @now = old_lines();
    my ($was) = grep { key_of($_) eq $key } @old;
    $was =~ s/\n?\z/\n/ if defined $was;
    my $untouched = join("", with_line($key, "$ENV{GW_LINE}\n", @old)) eq join("", @now);
    my @new = $untouched ? @old : with_line($key, $was // "", @now);
    if (!@new && ($made || !-e "authorized_keys")) { !-e "authorized_keys" or unlink "authorized_keys" or fail("remove") }
    elsif ($mode ne "" && join("", @new) eq join("", @old)) { put(oct $mode, $time, @new) }
    elsif (join("", @new) ne join("", @now)) { put(-e "authorized_keys" ? (stat _)[2] & 07777 : 0600, "", @new) }
    chmod oct $folder, "." or fail("chmod") if $folder ne "" && ((stat ".")[2] & 07777) == (oct($folder) & ~022);
  ' "$key" "$gw_mode" "$gw_time" "$gw_folder" "$gw_made" <"$gw_old" || return 1
  # Its owner may have been root. A link would be turned over itself, never what it leads to.
  [ -z "$gw_ids" ] || [ ! -f "$gw_file" ] || chown -h "$gw_ids" "$gw_file" || return 1
  [ -e "$gw_file" ] || in_turn keys authorizedKey_tidy
}

# Not while another stream stands in the folder.
authorizedKey_tidy() { [ -e "$gw_file" ] || made_tidy "$gw_file/x"; }

# The folder is gone, and a key that was there has to be there again.
authorizedKey_comes_back() { [ -s "$capture/old" ] && [ -d "$gw_home" ]; }
