# SPDX-License-Identifier: MIT
#
# The part of tools/run that builds: components, the boot directory, the configuration, the image that QEMU boots.
#
# The boot modules are core, platform_page, init and config, in this order, then what the scenario lists. GRUB and QEMU get
# the module's name as its command line; core makes a ROM of this name from it.

namespace eval boot {
	variable modules {}
	variable without {}
	variable image ""
	variable built {}
	# patterns of the errors that the checker is to find
	variable config_errors {}
	# the modules that every image has, and what stands in for core and init
	variable base {core platform_page init config}
	variable core core
	variable init init
	# what GRUB needs to read an ISO and to start a multiboot2 kernel
	variable grub_modules {multiboot2 normal boot iso9660}
	# what it needs to find its files under UEFI, and to leave the screen on
	variable uefi_modules {part_gpt part_msdos part_apple part_acorn part_amiga part_bsd part_dfly part_dvh part_plan part_sun
		part_sunpc fat efi_gop}
}

# Builds the components of the list (make does it, so only what changed).
proc build {components} {
	set boot::built $components
	set targets [list [boot::built kernel] [boot::built kernel32] build/host/check_config build/host/manifests build/boot/interfaces]
	foreach component [boot::union [lsearch -all -inline -not $boot::base config] $components] {
		set component [boot::file_of $component]
		lappend targets [boot::built $component]
	}
	if {[runner::setting BUILT 0]} {
		return
	}
	if {[catch {exec make --no-print-directory -s {*}$targets >@stdout 2>@stderr} message]} {
		runner::fail "cannot build {$components}"
	}
}

# Starts with an empty boot directory.
proc create_boot_directory {} {
	file delete -force $runner::dir/boot
	file mkdir $runner::dir/boot
	set boot::without {}
	set boot::config_errors {}
}

# The configuration is wrong on purpose: each pattern must match an error that build/host/check_config finds in it before
# anything boots, and each error one of the patterns.
proc config_errors_expected {args} {
	lappend boot::config_errors {*}$args
}

# Makes XML the configuration of init. Messages about it count the lines of the scenario file.
proc install_config {xml} {
	set lead [string length $xml]
	set xml [string trimleft $xml]
	set lead [expr {$lead - [string length $xml]}]
	set line [boot::line_of $xml [info frame -1]]
	set origin "<?origin [boot::shown_path $runner::path] $line?>"
	if {[regexp -indices {^<\?xml\s[^?]*\?>} $xml declaration]} {
		set end [lindex $declaration 1]
		set xml [string range $xml 0 $end]$origin[string range $xml $end+1 end]
	} else {
		set xml $origin$xml
	}
	if {[runner::setting TRACE 0] && ![string match "*<trace*" $xml]} {
		regsub {<config(\s[^>]*)?>} $xml {&<trace size="4M"/>} xml
	}
	boot::write $runner::dir/boot/config $xml
}

# Adds a ROM module NAME with the given content (bytes).
proc install_rom {name content} {
	boot::write $runner::dir/boot/$name $content
}

# Leaves modules out that every image has, to see what the system says without them.
proc boot_without {names} {
	set boot::without $names
}

# Boots a program in the place of core, with no other modules than those that build_boot_image lists.
proc boot_as_core {name} {
	set boot::core $name
	set boot::base core
}

# Boots another build of core.
proc boot_core {name} {
	set boot::core $name
}

# Boots a component in the place of init.
proc boot_as_init {name} {
	set boot::init $name
}

# Makes what the machine boots: the kernel, core, init, the configuration and the modules of the list, which are
# names of components or of files in the boot directory. Without a list: what was built.
proc build_boot_image {{names ""}} {
	if {$names eq ""} {
		set names $boot::built
	}
	set boot::modules {}
	foreach name [boot::union $boot::base $names] {
		if {$name in $boot::without} {
			continue
		}
		boot::place_module $name
		lappend boot::modules $name
	}
	boot::check_config
	switch -- [boot::mode] {
		direct { set boot::image direct }
		iso { boot::make_iso i386-pc {biosdisk} }
		uefi { boot::make_iso x86_64-efi $boot::uefi_modules }
	}
}

# What will be denied, and what cannot suffice, is told before it boots. A program in the place of core or init has a language of its own.
proc boot::check_config {} {
	if {$boot::base eq "core" || $boot::init ne "init" || "config" in $boot::without || ![file exists $runner::dir/boot/config]} {
		if {[runner::setting CHECK_ONLY 0]} {
			puts "there is no configuration of init to check"
			runner::leave 0
		}
		return
	}
	set command [list build/host/check_config --modules [join $boot::modules] --boot $runner::dir/boot \
		--memory [runner::setting MEM $machine::memory] --requests $runner::dir/requests $runner::dir/boot/config]
	if {[runner::setting WHY ""] ne ""} {
		set command [concat $command --why $::env(WHY)]
	} elseif {[runner::setting GRAPH ""] ne ""} {
		set command [linsert $command 1 --graph $::env(GRAPH)]
	}
	set status 0
	if {[catch {exec {*}$command 2>@1} text options]} {
		set status [lindex [dict get $options -errorcode] 2]
		set text [regsub {\nchild process exited abnormally$} $text ""]
	}
	if {$status ni {0 1}} {
		runner::fail $text
	}
	write $runner::dir/check $text\n
	if {[runner::setting CHECK_ONLY 0]} {
		puts $text
		runner::leave $status
	}
	judge_config [lsearch -all -inline -regexp [split $text "\n"] {^\S+: error: }] $text
}

# Fails unless the errors are those that the scenario expects.
proc boot::judge_config {errors text} {
	variable config_errors
	foreach pattern $config_errors {
		if {[lsearch -regexp $errors $pattern] < 0} {
			runner::fail "the checker of configurations finds no error that matches: $pattern\n$text"
		}
		runner::passed
	}
	foreach error $errors {
		if {![llength [lmap pattern $config_errors { if {![regexp $pattern $error]} continue; list }]]} {
			runner::fail "the configuration is wrong (if it is meant to be: config_errors_expected PATTERN...):\n$text"
		}
	}
	puts [join [lsearch -all -inline -not -regexp [split $text "\n"] {^(assumed|unknown): }] "\n"]
}

# Gives QEMU further arguments.
proc append_qemu_args {arguments} {
	lappend machine::arguments {*}$arguments
}

# Gives the machine this many MiB of memory; MEM in the environment wins.
proc machine_memory {mib} {
	set machine::memory $mib
}

# The file in build/boot that becomes a module
proc boot::file_of {module} {
	variable core
	variable init
	return [expr {$module eq "core" ? $core : $module eq "init" ? $init : $module}]
}

# Where the build puts what is booted; CHECKS=off: the kernel and core without asserts
proc boot::built {file} {
	return build/[expr {[runner::setting CHECKS on] eq "off" && $file in {kernel kernel32 core} ? "unchecked/" : ""}]boot/$file
}

# The program with symbols that a module is; "" if it is none
proc boot::symbols_of {module} {
	foreach path [list build/bin/[file_of $module] build/kernel/[file_of $module]] {
		if {[file isfile $path]} {
			return $path
		}
	}
	return ""
}

proc boot::mode {} {
	set mode [runner::setting BOOT iso]
	if {$mode ni {iso uefi direct}} {
		runner::fail "BOOT=$mode: expected iso, uefi or direct"
	}
	return $mode
}

proc boot::union {first second} {
	foreach name $second {
		if {$name ni $first} {
			lappend first $name
		}
	}
	return $first
}

proc boot::write {path content} {
	set file [open $path w]
	fconfigure $file -translation binary
	puts -nonewline $file $content
	close $file
}

proc boot::read {path} {
	set file [open $path]
	set content [::read $file]
	close $file
	return $content
}

proc boot::shown_path {path} {
	if {[string match $::root/* $path]} {
		return [string range $path [string length $::root/] end]
	}
	return $path
}

# The line of the scenario file at which a text begins, searched from the line of the command that uses it.
proc boot::line_of {text frame} {
	set file [open $runner::path]
	set content [::read $file]
	close $file
	set command_line 1
	if {[dict get $frame type] eq "source"} {
		set command_line [dict get $frame line]
	}
	set start 0
	for {set line 1} {$line < $command_line} {incr line} {
		set start [expr {[string first "\n" $content $start] + 1}]
	}
	# in a text that was computed, the first line at least is as it was written
	foreach wanted [list $text [lindex [split $text "\n"] 0]] {
		foreach from [list $start 0] {
			set at [string first $wanted $content $from]
			if {$at >= 0} {
				return [expr {1 + [regexp -all "\n" [string range $content 0 $at-1]]}]
			}
		}
	}
	return $command_line
}

# Puts a module into the boot directory, unless the scenario wrote a file of this name itself.
proc boot::place_module {name} {
	set target $runner::dir/boot/$name
	if {[file exists $target]} {
		return
	}
	if {$name eq "config"} {
		runner::fail "build_boot_image: there is no config (install_config comes first)"
	}
	if {![file exists [built [file_of $name]]]} {
		runner::fail "build_boot_image: there is no module \"$name\": it is neither built (build {... $name}) nor in $runner::dir/boot"
	}
	file copy [built [file_of $name]] $target
}

proc boot::make_iso {platform drivers} {
	variable image
	variable modules
	variable grub_modules
	set tree $runner::dir/iso
	file delete -force $tree
	file mkdir $tree/boot/grub
	set menu "set timeout=0\nmultiboot2 /boot/kernel\n"
	foreach name $modules {
		file link -hard $tree/boot/$name $runner::dir/boot/$name
		append menu "module2 /boot/$name $name\n"
	}
	file copy [built kernel] $tree/boot/kernel
	write $tree/boot/grub/grub.cfg "${menu}boot\n"
	set image $runner::dir/image.iso
	set command [list grub-mkrescue -o $image -d /usr/lib/grub/$platform "--install-modules=$grub_modules [join $drivers]" \
		"--modules=[join $drivers]" --fonts= --locales= --themes= $tree]
	if {[runner::setting DEBUG 0]} {
		puts "run: $command"
	}
	if {[catch {exec {*}$command 2>@1} message]} {
		runner::fail "cannot make the ISO:\n$message"
	}
}
