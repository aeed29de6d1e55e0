# SPDX-License-Identifier: MIT
# What the scenarios of the demo have in common: the configuration of the top-level init.

# The text of a file, without the comments at its beginning.
proc demo_text {path} {
	set file [open $path]
	set text [regsub {^(<!--[^>]*-->\s*)+} [read $file] {}]
	close $file
	return $text
}

# The boot modules of the demo that are no components: the first configuration of the world, and what its validator holds configurations against.
proc demo_roms {} {
	install_rom world.xml [demo_text repos/demo/run/world.xml]
	install_rom config.rng [demo_text init/config.rng]
	install_rom manifests [demo_text build/host/manifests]
	return {world.xml config.rng manifests interfaces}
}

# What stands around the program that serves the page: it can ask for no more than its route says.
set demo_dashboard_routes {
			<service name="ROM" label="state"> <local/> </service>
			<service name="ROM" label="world"> <child name="report_rom"/> </service>
			<service name="ROM" label="alpha"> <child name="report_rom"/> </service>
			<service name="ROM" label="beta"> <child name="report_rom"/> </service>
			<service name="ROM" label="accepted"> <child name="report_rom"/> </service>
			<service name="ROM" label="verdict"> <child name="report_rom"/> </service>
			<service name="Report" label="wish"> <child name="report_rom"/> </service>
			<service name="ROM" label="machine"> <parent/> </service>
			<service name="ROM" unscoped_label="PROGRAM"> <parent/> </service>
			<service name="NIC"> <child name="nic_bridge"/> </service>
			<service name="LOG"> <parent/> </service>
}
set demo_dashboard_config {
			<arg value="dashboard"/> <arg value="/dashboard.xml"/>
			<vfs>
				<dir name="dev"> <log/> <null/> <zero/> </dir>
				<dir name="rom">
					<rom name="machine"/> <rom name="state"/> <rom name="world"/> <rom name="alpha"/> <rom name="beta"/> <rom name="accepted"/> <rom name="verdict"/>
				</dir>
				<report name="wish" buffer="64K"/>
				<inline name="dashboard.xml"><![CDATA[
					<config port="80" machine="/rom/machine" wish="/wish" config="/rom/accepted" verdict="/rom/verdict" world="world">
						<report file="/rom/state"/> <report file="/rom/world" of="world"/>
						<report file="/rom/alpha" of="world/alpha"/> <report file="/rom/beta" of="world/beta"/>
					</config>
				]]></inline>
			</vfs>
			<net/>
}

# A card that reaches only its driver's buffers. Returns the port of the host that leads to the page.
proc demo_network {} {
	append_qemu_args {-device intel-iommu,aw-bits=48}
	return [lindex [network_card forward {80} device iommu_platform=on] 0]
}

# The configuration with `program` in the place of the dashboard.
proc demo_config {program config} {
	global demo_dashboard_routes
	return [string map [list PROGRAM $program ROUTES [string trim [string map [list PROGRAM $program] $demo_dashboard_routes]] CONFIG [string trim $config]] {
<config>
	<parent-provides>
		<service name="ROM"/> <service name="LOG"/> <service name="CPU"/> <service name="PD"/> <service name="RM"/> <service name="RAM"/>
		<service name="IRQ"/> <service name="IO_MEM"/> <service name="IO_PORT"/>
	</parent-provides>
	<report delay_ms="150" refresh_ms="1000" buffer="48K" ids="yes" requested="yes" child_ram="yes" child_caps="yes" init_ram="yes" init_caps="yes"
		cpu="yes" denied="yes"/>
	<default-route> <any-service> <parent/> </any-service> </default-route>
	<default ram="1M" caps="150"/>

	<!-- The network: the bus, the card, and who shares it. -->
	<start name="platform_drv" ram="2M" caps="300">
		<resource name="CPU" quantum="2%"/>
		<provides> <service name="Platform"/> </provides>
		<config> <policy label="virtio_net_drv" vendor="0x1af4" class="0x0200"/> </config>
		<route>
			<service name="IO_MEM"> <parent label="grant memory all"/> </service>
			<service name="IRQ"> <parent label="grant irq all msi"/> </service>
			<service name="RAM"> <parent label="grant dma"/> </service>
			<any-service> <parent/> </any-service>
		</route>
	</start>
	<start name="virtio_net_drv" ram="2M" caps="200">
		<resource name="CPU" quantum="10%"/>
		<restart on="fault exit hang" backoff_ms="100"/>
		<route>
			<service name="Platform"> <child name="platform_drv"/> </service> <service name="Uplink"> <child name="nic_bridge"/> </service>
			<any-service> <parent/> </any-service>
		</route>
	</start>
	<start name="nic_bridge"> <resource name="CPU" quantum="6%"/> <provides> <service name="NIC"/> <service name="Uplink"/> </provides> </start>

	<!-- The page: who serves it, who checks what it wishes, and where their reports meet. -->
	<start name="report_rom" ram="4M" caps="300">
		<resource name="CPU" quantum="4%"/>
		<provides> <service name="Report"/> <service name="ROM"/> </provides>
		<config>
			<policy label="dashboard -> world" report="world -> state" buffer="32K"/>
			<policy label="dashboard -> alpha" report="world -> alpha -> state" buffer="32K"/>
			<policy label="dashboard -> beta" report="world -> beta -> state" buffer="32K"/>
			<policy label="dashboard -> accepted" report="validator -> config" buffer="64K"/>
			<policy label="dashboard -> verdict" report="validator -> verdict" buffer="16K"/>
			<policy label="validator -> wish" report="dashboard -> wish" buffer="64K"/>
			<policy label="world -> world.config" report="validator -> config" buffer="64K"/>
		</config>
	</start>
	<start name="validator" ram="16M" caps="500">
		<resource name="CPU" quantum="20%"/>
		<config>
			<arg value="validator"/> <arg value="/known"/> <arg value="world.config"/> <arg value="/first.xml"/> <arg value="/wish"/> <arg value="/config"/> <arg value="/verdict"/>
			<libc stack="512K"/>
			<vfs>
				<dir name="dev"> <log/> <null/> <zero/> </dir>
				<dir name="known"> <rom name="config" label="top.xml"/> <rom name="config.rng"/> <rom name="machine"/> <rom name="manifests"/> <rom name="interfaces"/> </dir>
				<rom name="first.xml" label="world.xml"/> <rom name="wish"/>
				<report name="config" buffer="64K"/> <report name="verdict" buffer="16K"/>
			</vfs>
		</config>
		<route>
			<service name="ROM" label="wish"> <child name="report_rom"/> </service> <service name="Report"> <child name="report_rom"/> </service>
			<service name="ROM" label="top.xml"> <parent label="config"/> </service>
			<any-service> <parent/> </any-service>
		</route>
	</start>
	<start name="dashboard" binary="PROGRAM" ram="24M" caps="800" sessions="32">
		<resource name="CPU" quantum="34%"/>
		<restart on="fault exit" backoff_ms="500"/>
		<route> ROUTES </route>
		<config> CONFIG </config>
	</start>

	<!-- What is shown and can be changed: all that the dashboard can do is to wish for another configuration of this one. -->
	<start name="world" binary="init" ram="48M" caps="4000" sessions="128">
		<resource name="CPU" quantum="19%"/>
		<configfile name="world.config"/>
		<route>
			<service name="ROM" label="world.config"> <child name="report_rom"/> </service> <service name="Report"> <child name="report_rom"/> </service>
			<any-service> <parent/> </any-service>
		</route>
	</start>
</config>
}]
}
