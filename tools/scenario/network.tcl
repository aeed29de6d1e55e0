# SPDX-License-Identifier: MIT
#
# The part of tools/run that gives the machine a network: a virtio card on QEMU's user network, in which 10.0.2.2 is the host and gives out addresses by
# DHCP, a record of every frame on it, and commands that run on the host meanwhile.

namespace eval network {
	variable count 0
	# where QEMU's monitor listens; "": it does not
	variable monitor ""
	# the process group of the command that runs on the host; "": none
	variable command ""
}

# Gives the machine a virtio network card. `forward` lists ports of the guest, PORT for that of 10.0.2.15, or ADDRESS:PORT: the host's ports that lead
# there (free ones, on 127.0.0.1) are returned in the same order. `device` adds properties of the card (iommu_platform=on). `tftp` is a directory whose files
# 10.0.2.2 serves by TFTP. All frames are recorded, for check_frames, unless `record` is no.
proc network_card {args} {
	array set option {forward {} device {} tftp {} record yes}
	foreach {name value} $args {
		if {![info exists option($name)]} {
			error "network_card: there is no option $name: forward {PORT...}, device PROPERTIES, tftp DIRECTORY, record no"
		}
		set option($name) $value
	}
	set id net[incr network::count]
	set backend user,id=$id
	if {$option(tftp) ne ""} {
		append backend ,tftp=[file normalize $option(tftp)]
	}
	set ports {}
	foreach port $option(forward) {
		lappend ports [network::free_port]
		append backend ,hostfwd=tcp:127.0.0.1:[lindex $ports end]-[expr {[string match *:* $port] ? $port : ":$port"}]
	}
	set card [join [list virtio-net-pci netdev=$id disable-legacy=on {*}$option(device)] ,]
	set record [network::record_of $id]
	file delete $record
	if {$network::monitor eq ""} {
		set network::monitor [network::free_port]
		append_qemu_args [list -monitor tcp:127.0.0.1:$network::monitor,server=on,wait=off]
	}
	append_qemu_args [list -netdev $backend -device $card]
	if {$option(record)} {
		append_qemu_args [list -object filter-dump,id=record-$id,netdev=$id,file=$record]
	}
	return $ports
}

# Pulls the cable out of the card (no), or plugs it in again (yes).
proc cable_plugged {is_plugged} {
	machine::start
	set channel [socket 127.0.0.1 $network::monitor]
	fconfigure $channel -buffering line
	puts $channel "set_link net1 [expr {$is_plugged ? "on" : "off"}]"
	close $channel write
	read $channel
	close $channel
}

# Fails unless the recorded frames decode without a complaint of tshark, and, for each pattern, one matches it as tshark shows it in a line.
proc check_frames {args} {
	for {set i 1} {$i <= $network::count} {incr i} {
		set record [network::record_of net$i]
		set shown [network::decode $record {}]
		set malformed [network::decode $record {_ws.malformed or _ws.expert.severity == error or ip.checksum.status == Bad or icmp.checksum.status == Bad or
			udp.checksum.status == Bad or tcp.checksum.status == Bad}]
		if {$malformed ne ""} {
			runner::fail "tshark complains about frames in $record:\n$malformed"
		}
		runner::passed
		append all $shown\n
	}
	foreach pattern $args {
		if {![regexp -line -- $pattern $all]} {
			runner::fail "no frame in $record matches: $pattern"
		}
		runner::passed
	}
}

# Runs a command on the host while the machine runs on, with its output in the file `host` of the scenario's directory. Returns the output; fails
# if the command does, or takes more than so many seconds.
proc run_on_host {command seconds} {
	machine::start
	set deadline [machine::deadline $seconds]
	set log $runner::dir/host
	file delete $log.status
	set network::command [exec setsid setpriv --pdeathsig TERM sh -c {log=$1; shift; "$@" >"$log" 2>&1 </dev/null; echo $? >"$log.status.new"; mv "$log.status.new" "$log.status"} sh $log {*}$command &]
	while {![file exists $log.status]} {
		set trouble [machine::trouble [expr {[clock milliseconds] >= $deadline}]]
		if {$trouble ne ""} {
			runner::fail "$trouble, while the host runs: $command"
		}
		machine::pump 1
	}
	set network::command ""
	set output [string trimright [boot::read $log]]
	set status [string trim [boot::read $log.status]]
	if {$status ne "0"} {
		runner::fail "this ended with $status on the host: $command\n$output"
	}
	runner::passed
	return $output
}

# Ends the command that runs on the host, if there is one.
proc network::stop {} {
	variable command
	if {$command ne ""} {
		catch {exec kill -TERM -- -$command}
		set command ""
	}
}

# One that nobody listens on just now. QEMU takes it a moment later.
proc network::free_port {} {
	set socket [socket -server {} -myaddr 127.0.0.1 0]
	set port [lindex [fconfigure $socket -sockname] 2]
	close $socket
	return $port
}

proc network::record_of {id} {
	return [file normalize $runner::dir/frames-$id.pcap]
}

# What tshark shows of the frames that match a filter, one a line. QEMU may be about to write the last one: that is no complaint.
proc network::decode {record filter} {
	set checks {-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE}
	set command [list tshark -n -r $record {*}$checks]
	if {$filter ne ""} {
		lappend command -Y [regsub -all {\s+} $filter { }]
	}
	if {[catch {exec {*}$command 2>$runner::dir/tshark} text] && ![string match "*cut short*" [boot::read $runner::dir/tshark]]} {
		runner::fail "tshark cannot read $record:\n[boot::read $runner::dir/tshark]"
	}
	return [regsub {\nchild process exited abnormally$} $text ""]
}
