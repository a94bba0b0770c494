# --- data ---
gw_urn='urn:pulumi:dev::groundwork::groundwork:index:HostState::alpha-m1'
gw_owner='d0a459ce4019052d'
gw_project='groundwork'
gw_stack='dev'
gw_former=''
gw_adopt=''
gw_machine_expected='0123456789abcdef0123456789abcdef'
gw_run='/run/groundwork/00112233445566ff/work'
gw_cancel='/run/groundwork/00112233445566ff/cancel'
gw_program='/run/groundwork/00112233445566ff/program'
gw_holder='host/1/2/3'
gw_dead_holder=''
gw_purge=''
gw_hold=''
gw_operation_id=''
gw_login_user='root'
gw_leave_locked=''
gw_deadman_seconds=60
gw_lease_seconds=120
gw_items='1 2 3 4 5 6'
gw_index_of_803bdea7b66df5e84de9845a432489a5=1
gw_digest_1=32d35066168456d88f440120f85a95bb
item_1() {
gw_kind='sysctl'
gw_key='sysctl:net.ipv4.ip_forward'
gw_hash=803bdea7b66df5e84de9845a432489a5
gw_desired='value=1 boot=1'
gw_endangers=''
gw_ticket=''
gw_variables='name value'
time_limit=10
name='net.ipv4.ip_forward'
value='1'
}
gw_index_of_ec9b61ea61fb13ba5cad4343601a5263=2
gw_digest_2=83c84f1035347eb2ca99271923c48b3e
item_2() {
gw_kind='file'
gw_key='file:/etc/it'\''s $(here)/a'
gw_hash=ec9b61ea61fb13ba5cad4343601a5263
gw_desired='file mode=0640 owner=root:root sha256=b0d6a0ca5d5030c1d2adb684ce0141acf18025df458d11fdfeeb78085a37120e'
gw_endangers=''
gw_ticket=''
gw_variables='path mode owner group validate'
time_limit=30
path='/etc/it'\''s $(here)/a'
mode='0640'
owner='root'
group='root'
validate='grep one "$1"'
}
data_2() { printf %s 'one
'\''two'\''
'; }
gw_index_of_4164ad67c1e45656f3b3301b56e2365e=3
gw_digest_3=d96a47e31d11d083004830fc1df883c5
item_3() {
gw_kind='file'
gw_key='file:/etc/b'
gw_hash=4164ad67c1e45656f3b3301b56e2365e
gw_desired='file mode=0644 owner=root:root sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
gw_endangers=''
gw_ticket=''
gw_variables='path mode owner group validate'
time_limit=30
path='/etc/b'
mode='0644'
owner='root'
group='root'
validate=''
}
data_3() { printf %s ''; }
gw_index_of_191431fbd41502614814a82408f02c25=4
gw_digest_4=92d8f9f705d9d2ff26bf32b0d4c5c38e
item_4() {
gw_kind='unit'
gw_key='unit:hello.service'
gw_hash=191431fbd41502614814a82408f02c25
gw_desired='file mode=0644 owner=root:root sha256=67e7bff8a64079cbd33c8ae6e2698e46a53dddac68ab84b4e12d927818e61a7c'
gw_endangers=''
gw_ticket=''
gw_variables='name path mode owner group validate'
time_limit=60
name='hello.service'
path='/etc/systemd/system/hello.service'
mode='0644'
owner='root'
group='root'
validate=''
}
data_4() { printf %s '[Service]
ExecStart=/bin/sleep 1000
'; }
gw_index_of_9bf816ecf6c9d4e75c38d28bc4f5d55e=5
gw_digest_5=e772a51bd044554fc05340bed9ee8872
item_5() {
gw_kind='service'
gw_key='service:hello.service'
gw_hash=9bf816ecf6c9d4e75c38d28bc4f5d55e
gw_desired='enabled=yes running=yes'
gw_endangers=''
gw_ticket=''
gw_variables='unit enabled running restart_on reload_on'
time_limit=120
unit='hello.service'
enabled='yes'
running='yes'
restart_on='unit:hello.service
file:/etc/b'
reload_on=''
}
gw_index_of_7883518e33e8702e7203240bb8c4beb0=6
gw_digest_6=f18bd9a7415170b8479231a09319ffe2
item_6() {
gw_kind='command'
gw_key='command:joins the cluster'
gw_hash=7883518e33e8702e7203240bb8c4beb0
gw_desired='done=yes'
gw_endangers=''
gw_ticket='join'
gw_variables='name run unless undo again'
time_limit=300
name='joins the cluster'
run='join "$(cat "$TICKET")"
'
unless='test -e /joined'
undo=''
again=''
}
gw_kinds_many='sysctl file unit service'
gw_items_sysctl='1'
gw_items_file='2 3'
gw_items_unit='4'
gw_items_service='5'
gw_guards='g1'
check_g1() {
time_limit=30 gw_within=0
gw_waived=''
gw_script='uname'
}
gw_checks='c1'
check_c1() {
time_limit=10 gw_within=5
gw_waived='yes'
gw_script='systemctl is-active hello'
}
gw_facts='host identity'
fact_host() {
time_limit=60
gw_script='hostname'
}
fact_identity() {
time_limit=60
gw_script='cat -- '\''/etc/machine-id'\'''
}
ticket_join() { printf %s 'token
'; }
</dev/null gw_main apply END
