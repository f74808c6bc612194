-- Wireshark dissector for Apple Push Notification traffic: the courier protocol (also of iOS 3 and 4), the provider's binary
-- gateway and the feedback service. Of the packed encoding (apns-pack-v1) frames, attributes and literals are shown; references
-- into the tables of the connection stand as their numbers. Load it with: tshark -X lua_script:apns.lua, or put it into the
-- personal plugin folder.
-- Generated from the schema and src/generate/dissector.lua by npm run generate; do not edit.

local apns = Proto("apns", "Apple Push Notification service")

-- Tables: commands[dialect][command] = { name, label, direction, fields = { [direction] = { [id] = field } }, layouts }.
-- A field is { key, label, kind, width, unit, names, flags }. Directions: 0 client to server, 1 server to client.
local commands = {}
commands["courier"] = {
[0x07] = {
  { name = "connect", label = "Connect", direction = 2, fields = {
    [0] = {
      [1] = { filter = "apns.connect.token", label = "Token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.connect.state", label = "State", kind = "uint", width = 1, names = { [1] = "connect", [2] = "disconnect" } },
      [5] = { filter = "apns.connect.presence_flags", label = "Presence flags", kind = "uint", width = 4, flags = { { 1, "user connection" }, { 2, "always 0x2" }, { 4, "root or first user" }, { 8, "Wi-Fi" }, { 16, "internal build" }, { 32, "information logging" }, { 64, "recent 0x40" }, { 512, "always 0x200" }, { 4096, "simulator" }, { 32768, "recent 0x8000" } } },
      [6] = { filter = "apns.connect.interface", label = "Interface", kind = "uint", width = 1, names = { [0] = "cellular", [1] = "Wi-Fi or other", [3] = "ultra-constrained" } },
      [7] = { filter = "apns.connect.active_interval", label = "Active interval", kind = "uint", width = 4, names = { [2147483647] = "forever" } },
      [8] = { filter = "apns.connect.carrier", label = "Carrier", kind = "text", width = 0 },
      [9] = { filter = "apns.connect.software_version", label = "Software version", kind = "text", width = 0 },
      [10] = { filter = "apns.connect.build", label = "Build", kind = "text", width = 0 },
      [11] = { filter = "apns.connect.hardware_version", label = "Hardware version", kind = "text", width = 0 },
      [12] = { filter = "apns.connect.certificate", label = "Certificate", kind = "certificate", width = 0 },
      [13] = { filter = "apns.connect.nonce", label = "Nonce", kind = "nonce", width = 0 },
      [14] = { filter = "apns.connect.signature", label = "Signature", kind = "signature", width = 0 },
      [16] = { filter = "apns.connect.protocol_version", label = "Protocol version", kind = "uint", width = 2 },
      [17] = { filter = "apns.connect.redirect_count", label = "Redirect count", kind = "uint", width = 2 },
      [19] = { filter = "apns.connect.dns_resolve_time", label = "DNS resolve time", kind = "uint", width = 2, unit = "ms" },
      [20] = { filter = "apns.connect.tls_handshake_time", label = "TLS handshake time", kind = "uint", width = 2, unit = "ms" },
      [21] = { filter = "apns.connect.failure", label = "Connection failures", kind = "failures", width = 0 },
      [22] = { filter = "apns.connect.last_connected", label = "Last connected", kind = "uint", width = 8, unit = "ms", time = true },
      [25] = { filter = "apns.connect.tcp_handshake_time", label = "TCP handshake time", kind = "uint", width = 2, unit = "ms" },
      [26] = { filter = "apns.connect.disconnect_reason", label = "Disconnect reason", kind = "uint", width = 4 },
      [29] = { filter = "apns.connect.host_certificate_info", label = "Host certificate info", kind = "protobuf", width = 0 },
      [30] = { filter = "apns.connect.offload_migration_reason", label = "Offload migration reason", kind = "uint", width = 4 },
      [31] = { filter = "apns.connect.aop_flags", label = "Always-on processor flags", kind = "uint", width = 4, flags = { { 1, "device capable or forced" }, { 2, "connection offloaded" } } },
      [32] = { filter = "apns.connect.psks_wanted", label = "PSKs wanted", kind = "uint", width = 1 },
    },
    [1] = {
      [1] = { filter = "apns.connect.token", label = "Token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.connect.presence_status", label = "Presence status", kind = "uint", width = 1 },
      [5] = { filter = "apns.connect.presence_flags", label = "Presence flags", kind = "uint", width = 4, flags = { { 1, "user connection" }, { 2, "always 0x2" }, { 4, "root or first user" }, { 8, "Wi-Fi" }, { 16, "internal build" }, { 32, "information logging" }, { 64, "recent 0x40" }, { 512, "always 0x200" }, { 4096, "simulator" }, { 32768, "recent 0x8000" } } },
      [6] = { filter = "apns.connect.interface", label = "Interface", kind = "uint", width = 1, names = { [0] = "cellular", [1] = "Wi-Fi or other", [3] = "ultra-constrained" } },
      [7] = { filter = "apns.connect.active_interval", label = "Active interval", kind = "uint", width = 4, names = { [2147483647] = "forever" } },
      [8] = { filter = "apns.connect.carrier", label = "Carrier", kind = "text", width = 0 },
      [9] = { filter = "apns.connect.software_version", label = "Software version", kind = "text", width = 0 },
      [10] = { filter = "apns.connect.build", label = "Build", kind = "text", width = 0 },
      [11] = { filter = "apns.connect.hardware_version", label = "Hardware version", kind = "text", width = 0 },
      [12] = { filter = "apns.connect.certificate", label = "Certificate", kind = "certificate", width = 0 },
      [13] = { filter = "apns.connect.nonce", label = "Nonce", kind = "nonce", width = 0 },
      [14] = { filter = "apns.connect.signature", label = "Signature", kind = "signature", width = 0 },
      [16] = { filter = "apns.connect.protocol_version", label = "Protocol version", kind = "uint", width = 2 },
      [17] = { filter = "apns.connect.redirect_count", label = "Redirect count", kind = "uint", width = 2 },
      [19] = { filter = "apns.connect.dns_resolve_time", label = "DNS resolve time", kind = "uint", width = 2, unit = "ms" },
      [20] = { filter = "apns.connect.tls_handshake_time", label = "TLS handshake time", kind = "uint", width = 2, unit = "ms" },
      [21] = { filter = "apns.connect.failure", label = "Connection failures", kind = "failures", width = 0 },
      [22] = { filter = "apns.connect.last_connected", label = "Last connected", kind = "uint", width = 8, unit = "ms", time = true },
      [25] = { filter = "apns.connect.tcp_handshake_time", label = "TCP handshake time", kind = "uint", width = 2, unit = "ms" },
      [26] = { filter = "apns.connect.disconnect_reason", label = "Disconnect reason", kind = "uint", width = 4 },
      [29] = { filter = "apns.connect.host_certificate_info", label = "Host certificate info", kind = "protobuf", width = 0 },
      [30] = { filter = "apns.connect.offload_migration_reason", label = "Offload migration reason", kind = "uint", width = 4 },
      [31] = { filter = "apns.connect.aop_flags", label = "Always-on processor flags", kind = "uint", width = 4, flags = { { 1, "device capable or forced" }, { 2, "connection offloaded" } } },
      [32] = { filter = "apns.connect.psks_wanted", label = "PSKs wanted", kind = "uint", width = 1 },
    },
  } },
},
[0x08] = {
  { name = "connect_response", label = "ConnectResponse", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.connect_response.status", label = "Status", kind = "uint", width = 1, names = { [0] = "ok", [2] = "invalid token or certificate" }, role = "status" },
      [2] = { filter = "apns.connect_response.server_metadata", label = "Server metadata", kind = "text", width = 0 },
      [3] = { filter = "apns.connect_response.token", label = "Token", kind = "token", width = 32, role = "token" },
      [4] = { filter = "apns.connect_response.message_size", label = "Message size", kind = "uint", width = 2, unit = "bytes" },
      [5] = { filter = "apns.connect_response.unknown5", label = "Unknown 5", kind = "uint", width = 2 },
      [6] = { filter = "apns.connect_response.capabilities", label = "Capabilities", kind = "uint", width = 4, flags = { { 1, "dual channel" }, { 2, "report last reverse push RTT" }, { 4, "filter optimization" }, { 8, "server requested TTR" } } },
      [7] = { filter = "apns.connect_response.server_time_for_bad_nonce", label = "Server time for bad nonce", kind = "uint", width = 8, unit = "ms", time = true },
      [8] = { filter = "apns.connect_response.large_message_size", label = "Large message size", kind = "uint", width = 2, unit = "bytes" },
      [9] = { filter = "apns.connect_response.redirect_reason", label = "Redirect reason", kind = "text", width = 0 },
      [10] = { filter = "apns.connect_response.server_time", label = "Server time", kind = "uint", width = 8, unit = "ms", time = true },
      [11] = { filter = "apns.connect_response.geo_region", label = "Geo region", kind = "text", width = 0 },
      [12] = { filter = "apns.connect_response.unknown12", label = "Unknown 12", kind = "uint", width = 8 },
      [16] = { filter = "apns.connect_response.min_keep_alive", label = "Minimum keep-alive", kind = "uint", width = 2 },
      [17] = { filter = "apns.connect_response.expected_keep_alive", label = "Expected keep-alive", kind = "uint", width = 2 },
      [18] = { filter = "apns.connect_response.max_keep_alive", label = "Maximum keep-alive", kind = "uint", width = 2 },
      [19] = { filter = "apns.connect_response.client_ip", label = "Client IP", kind = "address", width = 0 },
      [20] = { filter = "apns.connect_response.experiment_id", label = "Experiment id", kind = "uint", width = 2 },
      [21] = { filter = "apns.connect_response.invalid_presence_reason", label = "Invalid presence reason", kind = "text", width = 0 },
      [22] = { filter = "apns.connect_response.psk_vending_status", label = "PSK vending status", kind = "uint", width = 1 },
    },
    [1] = {
      [1] = { filter = "apns.connect_response.status", label = "Status", kind = "uint", width = 1, names = { [0] = "ok", [2] = "invalid token or certificate" }, role = "status" },
      [2] = { filter = "apns.connect_response.server_metadata", label = "Server metadata", kind = "text", width = 0 },
      [3] = { filter = "apns.connect_response.token", label = "Token", kind = "token", width = 32, role = "token" },
      [4] = { filter = "apns.connect_response.message_size", label = "Message size", kind = "uint", width = 2, unit = "bytes" },
      [5] = { filter = "apns.connect_response.unknown5", label = "Unknown 5", kind = "uint", width = 2 },
      [6] = { filter = "apns.connect_response.capabilities", label = "Capabilities", kind = "uint", width = 4, flags = { { 1, "dual channel" }, { 2, "report last reverse push RTT" }, { 4, "filter optimization" }, { 8, "server requested TTR" } } },
      [7] = { filter = "apns.connect_response.server_time_for_bad_nonce", label = "Server time for bad nonce", kind = "uint", width = 8, unit = "ms", time = true },
      [8] = { filter = "apns.connect_response.large_message_size", label = "Large message size", kind = "uint", width = 2, unit = "bytes" },
      [9] = { filter = "apns.connect_response.redirect_reason", label = "Redirect reason", kind = "text", width = 0 },
      [10] = { filter = "apns.connect_response.server_time", label = "Server time", kind = "uint", width = 8, unit = "ms", time = true },
      [11] = { filter = "apns.connect_response.geo_region", label = "Geo region", kind = "text", width = 0 },
      [12] = { filter = "apns.connect_response.unknown12", label = "Unknown 12", kind = "uint", width = 8 },
      [16] = { filter = "apns.connect_response.min_keep_alive", label = "Minimum keep-alive", kind = "uint", width = 2 },
      [17] = { filter = "apns.connect_response.expected_keep_alive", label = "Expected keep-alive", kind = "uint", width = 2 },
      [18] = { filter = "apns.connect_response.max_keep_alive", label = "Maximum keep-alive", kind = "uint", width = 2 },
      [19] = { filter = "apns.connect_response.client_ip", label = "Client IP", kind = "address", width = 0 },
      [20] = { filter = "apns.connect_response.experiment_id", label = "Experiment id", kind = "uint", width = 2 },
      [21] = { filter = "apns.connect_response.invalid_presence_reason", label = "Invalid presence reason", kind = "text", width = 0 },
      [22] = { filter = "apns.connect_response.psk_vending_status", label = "PSK vending status", kind = "uint", width = 1 },
    },
  } },
},
[0x09] = {
  { name = "filter", label = "Filter", direction = 0, fields = {
    [0] = {
      [1] = { filter = "apns.filter.token", label = "Token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.filter.enabled", label = "Enabled topic", kind = "topic", width = 20, alias = "topic" },
      [3] = { filter = "apns.filter.ignored", label = "Ignored topic", kind = "topic", width = 20, alias = "topic" },
      [4] = { filter = "apns.filter.opportunistic", label = "Opportunistic topic", kind = "topic", width = 20, alias = "topic" },
      [5] = { filter = "apns.filter.paused", label = "Paused topic", kind = "topic", width = 20, alias = "topic" },
      [6] = { filter = "apns.filter.non_waking", label = "Non-waking topic", kind = "topic", width = 20, alias = "topic" },
      [7] = { filter = "apns.filter.enabled_salted", label = "Enabled topic, salted", kind = "bytes", width = 32 },
      [8] = { filter = "apns.filter.ignored_salted", label = "Ignored topic, salted", kind = "bytes", width = 32 },
      [9] = { filter = "apns.filter.opportunistic_salted", label = "Opportunistic topic, salted", kind = "bytes", width = 32 },
      [10] = { filter = "apns.filter.paused_salted", label = "Paused topic, salted", kind = "bytes", width = 32 },
      [11] = { filter = "apns.filter.non_waking_salted", label = "Non-waking topic, salted", kind = "bytes", width = 32 },
      [12] = { filter = "apns.filter.version", label = "Version", kind = "uint", width = 8 },
    },
    [1] = {
      [1] = { filter = "apns.filter.token", label = "Token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.filter.enabled", label = "Enabled topic", kind = "topic", width = 20, alias = "topic" },
      [3] = { filter = "apns.filter.ignored", label = "Ignored topic", kind = "topic", width = 20, alias = "topic" },
      [4] = { filter = "apns.filter.opportunistic", label = "Opportunistic topic", kind = "topic", width = 20, alias = "topic" },
      [5] = { filter = "apns.filter.paused", label = "Paused topic", kind = "topic", width = 20, alias = "topic" },
      [6] = { filter = "apns.filter.non_waking", label = "Non-waking topic", kind = "topic", width = 20, alias = "topic" },
      [7] = { filter = "apns.filter.enabled_salted", label = "Enabled topic, salted", kind = "bytes", width = 32 },
      [8] = { filter = "apns.filter.ignored_salted", label = "Ignored topic, salted", kind = "bytes", width = 32 },
      [9] = { filter = "apns.filter.opportunistic_salted", label = "Opportunistic topic, salted", kind = "bytes", width = 32 },
      [10] = { filter = "apns.filter.paused_salted", label = "Paused topic, salted", kind = "bytes", width = 32 },
      [11] = { filter = "apns.filter.non_waking_salted", label = "Non-waking topic, salted", kind = "bytes", width = 32 },
      [12] = { filter = "apns.filter.version", label = "Version", kind = "uint", width = 8 },
    },
  } },
  { name = "filter_response", label = "FilterResponse", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.filter_response.token", label = "Token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.filter_response.version", label = "Version", kind = "uint", width = 8 },
      [3] = { filter = "apns.filter_response.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
    [1] = {
      [1] = { filter = "apns.filter_response.token", label = "Token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.filter_response.version", label = "Version", kind = "uint", width = 8 },
      [3] = { filter = "apns.filter_response.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
  } },
},
[0x0c] = {
  { name = "keep_alive", label = "KeepAlive", direction = 0, fields = {
    [0] = {
      [1] = { filter = "apns.keep_alive.carrier", label = "Carrier", kind = "text", width = 0 },
      [2] = { filter = "apns.keep_alive.software_version", label = "Software version", kind = "text", width = 0 },
      [3] = { filter = "apns.keep_alive.build", label = "Build", kind = "text", width = 0 },
      [4] = { filter = "apns.keep_alive.hardware_version", label = "Hardware version", kind = "text", width = 0 },
      [5] = { filter = "apns.keep_alive.interval", label = "Interval", kind = "decimal", width = 0, unit = "min" },
      [6] = { filter = "apns.keep_alive.delayed_response_interval", label = "Delayed response interval", kind = "decimal", width = 0 },
      [8] = { filter = "apns.keep_alive.using_server_stats", label = "Using server statistics", kind = "uint", width = 2, names = { [1] = "yes" } },
      [9] = { filter = "apns.keep_alive.state", label = "State", kind = "uint", width = 1 },
      [10] = { filter = "apns.keep_alive.sub_state", label = "Sub-state", kind = "uint", width = 1 },
    },
    [1] = {
      [1] = { filter = "apns.keep_alive.carrier", label = "Carrier", kind = "text", width = 0 },
      [2] = { filter = "apns.keep_alive.software_version", label = "Software version", kind = "text", width = 0 },
      [3] = { filter = "apns.keep_alive.build", label = "Build", kind = "text", width = 0 },
      [4] = { filter = "apns.keep_alive.hardware_version", label = "Hardware version", kind = "text", width = 0 },
      [5] = { filter = "apns.keep_alive.interval", label = "Interval", kind = "decimal", width = 0, unit = "min" },
      [6] = { filter = "apns.keep_alive.delayed_response_interval", label = "Delayed response interval", kind = "decimal", width = 0 },
      [8] = { filter = "apns.keep_alive.using_server_stats", label = "Using server statistics", kind = "uint", width = 2, names = { [1] = "yes" } },
      [9] = { filter = "apns.keep_alive.state", label = "State", kind = "uint", width = 1 },
      [10] = { filter = "apns.keep_alive.sub_state", label = "Sub-state", kind = "uint", width = 1 },
    },
  } },
},
[0x0d] = {
  { name = "keep_alive_response", label = "KeepAliveResponse", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.keep_alive_response.response", label = "Response", kind = "uint", width = 1, role = "status" },
      [2] = { filter = "apns.keep_alive_response.delay_keep_alive", label = "Delay keep-alive", kind = "uint", width = 4 },
    },
    [1] = {
      [1] = { filter = "apns.keep_alive_response.response", label = "Response", kind = "uint", width = 1, role = "status" },
      [2] = { filter = "apns.keep_alive_response.delay_keep_alive", label = "Delay keep-alive", kind = "uint", width = 4 },
    },
  } },
},
[0x0f] = {
  { name = "flush", label = "Flush", direction = 2, fields = {
    [0] = {
      [1] = { filter = "apns.flush.want_padding", label = "Wanted padding", kind = "uint", width = 2, unit = "bytes" },
      [2] = { filter = "apns.flush.padding", label = "Padding", kind = "padding", width = 0 },
    },
    [1] = {
      [1] = { filter = "apns.flush.want_padding", label = "Wanted padding", kind = "uint", width = 2, unit = "bytes" },
      [2] = { filter = "apns.flush.padding", label = "Padding", kind = "padding", width = 0 },
    },
  } },
},
[0x10] = {
  { name = "flush_response", label = "FlushResponse", direction = 2, fields = {
    [0] = {
      [2] = { filter = "apns.flush_response.padding", label = "Padding", kind = "padding", width = 0 },
    },
    [1] = {
      [2] = { filter = "apns.flush_response.padding", label = "Padding", kind = "padding", width = 0 },
    },
  } },
},
[0x13] = {
  { name = "set_active_interval", label = "SetActiveInterval", direction = 0, fields = {
    [0] = {
      [1] = { filter = "apns.set_active_interval.interval", label = "Interval", kind = "uint", width = 4, names = { [2147483647] = "forever" } },
    },
    [1] = {
      [1] = { filter = "apns.set_active_interval.interval", label = "Interval", kind = "uint", width = 4, names = { [2147483647] = "forever" } },
    },
  } },
},
[0x14] = {
  { name = "set_active_state", label = "SetActiveState", direction = 0, fields = {
    [0] = {
      [1] = { filter = "apns.set_active_state.state", label = "State", kind = "uint", width = 1, names = { [1] = "active", [2] = "inactive" } },
      [2] = { filter = "apns.set_active_state.interval", label = "Interval", kind = "uint", width = 4, names = { [2147483647] = "forever" } },
    },
    [1] = {
      [1] = { filter = "apns.set_active_state.state", label = "State", kind = "uint", width = 1, names = { [1] = "active", [2] = "inactive" } },
      [2] = { filter = "apns.set_active_state.interval", label = "Interval", kind = "uint", width = 4, names = { [2147483647] = "forever" } },
    },
  } },
},
[0x0a] = {
  { name = "message", label = "Message", direction = 2, fields = {
    [0] = {
      [1] = { filter = "apns.message.topic", label = "Topic", kind = "topic", width = 20, role = "topic", alias = "topic" },
      [2] = { filter = "apns.message.token", label = "Token", kind = "token", width = 32, role = "token" },
      [3] = { filter = "apns.message.payload", label = "Payload", kind = "payload", width = 0 },
      [4] = { filter = "apns.message.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [25] = { filter = "apns.message.last_rtt", label = "Last round trip", kind = "uint", width = 2 },
    },
    [1] = {
      [2] = { filter = "apns.message.topic", label = "Topic", kind = "topic", width = 20, role = "topic", alias = "topic" },
      [1] = { filter = "apns.message.token", label = "Token", kind = "token", width = 32, role = "token" },
      [3] = { filter = "apns.message.payload", label = "Payload", kind = "payload", width = 0 },
      [4] = { filter = "apns.message.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [5] = { filter = "apns.message.expiry", label = "Expiry", kind = "uint", width = 4, unit = "s", time = true },
      [6] = { filter = "apns.message.timestamp", label = "Timestamp", kind = "uint", width = 8, unit = "ns", time = true },
      [7] = { filter = "apns.message.legacy_storage_flags", label = "Legacy storage flags", kind = "uint", width = 1 },
      [9] = { filter = "apns.message.storage_flags", label = "Storage flags", kind = "uint", width = 1, flags = { { 1, "from storage" }, { 2, "last message from storage" } } },
      [13] = { filter = "apns.message.priority", label = "Priority", kind = "uint", width = 1 },
      [15] = { filter = "apns.message.base_token", label = "Base token", kind = "token", width = 32 },
      [21] = { filter = "apns.message.tracing_uuid", label = "Tracing UUID", kind = "uuid", width = 16 },
      [24] = { filter = "apns.message.correlation_id", label = "Correlation id", kind = "text", width = 0 },
      [26] = { filter = "apns.message.apn_flags", label = "APN flags", kind = "uint", width = 4 },
      [28] = { filter = "apns.message.push_type", label = "Push type", kind = "uint", width = 2 },
      [29] = { filter = "apns.message.pub_sub_info", label = "Publish-subscribe info", kind = "protobuf", width = 0 },
    },
  } },
},
[0x0b] = {
  { name = "message_ack", label = "MessageAck", direction = 2, fields = {
    [0] = {
      [1] = { filter = "apns.message_ack.token", label = "Token", kind = "token", width = 32, role = "token" },
      [4] = { filter = "apns.message_ack.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [8] = { filter = "apns.message_ack.status", label = "Status", kind = "uint", width = 1, names = { [0] = "ok", [2] = "invalid, or presence not asserted", [3] = "rejected: invalid or too large", [128] = "sent too early" }, role = "status" },
    },
    [1] = {
      [4] = { filter = "apns.message_ack.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [6] = { filter = "apns.message_ack.ack_timestamp", label = "Acknowledgement time", kind = "uint", width = 8 },
      [8] = { filter = "apns.message_ack.status", label = "Status", kind = "uint", width = 1, names = { [0] = "ok", [2] = "invalid, or presence not asserted", [3] = "rejected: invalid or too large", [128] = "sent too early" }, role = "status" },
    },
  } },
},
[0x0e] = {
  { name = "no_storage", label = "NoStorage", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.no_storage.token", label = "Destination token", kind = "token", width = 32, role = "token" },
    },
    [1] = {
      [1] = { filter = "apns.no_storage.token", label = "Destination token", kind = "token", width = 32, role = "token" },
    },
  } },
},
[0x1b] = {
  { name = "message_tracing_ack", label = "MessageTracingAck", direction = 0, fields = {
    [0] = {
      [1] = { filter = "apns.message_tracing_ack.topic", label = "Topic", kind = "topic", width = 0, role = "topic", alias = "topic" },
      [2] = { filter = "apns.message_tracing_ack.tracing_uuid", label = "Tracing UUID", kind = "uuid", width = 16 },
      [3] = { filter = "apns.message_tracing_ack.status", label = "Status", kind = "uint", width = 1, role = "status" },
      [4] = { filter = "apns.message_tracing_ack.token", label = "Token", kind = "token", width = 32, role = "token" },
    },
    [1] = {
      [1] = { filter = "apns.message_tracing_ack.topic", label = "Topic", kind = "topic", width = 0, role = "topic", alias = "topic" },
      [2] = { filter = "apns.message_tracing_ack.tracing_uuid", label = "Tracing UUID", kind = "uuid", width = 16 },
      [3] = { filter = "apns.message_tracing_ack.status", label = "Status", kind = "uint", width = 1, role = "status" },
      [4] = { filter = "apns.message_tracing_ack.token", label = "Token", kind = "token", width = 32, role = "token" },
    },
  } },
},
[0x11] = {
  { name = "app_token_generate", label = "AppTokenGenerate", direction = 0, fields = {
    [0] = {
      [1] = { filter = "apns.app_token_generate.base_token", label = "Base token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.app_token_generate.topic", label = "Topic", kind = "topic", width = 0, role = "topic", alias = "topic" },
      [3] = { filter = "apns.app_token_generate.app_id", label = "App id", kind = "uint", width = 2 },
      [4] = { filter = "apns.app_token_generate.type", label = "Type", kind = "uint", width = 2 },
      [5] = { filter = "apns.app_token_generate.expiration_ttl", label = "Expiration TTL", kind = "uint", width = 4 },
      [6] = { filter = "apns.app_token_generate.vapid_key_hash", label = "VAPID public-key hash", kind = "bytes", width = 0 },
    },
    [1] = {
      [1] = { filter = "apns.app_token_generate.base_token", label = "Base token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.app_token_generate.topic", label = "Topic", kind = "topic", width = 0, role = "topic", alias = "topic" },
      [3] = { filter = "apns.app_token_generate.app_id", label = "App id", kind = "uint", width = 2 },
      [4] = { filter = "apns.app_token_generate.type", label = "Type", kind = "uint", width = 2 },
      [5] = { filter = "apns.app_token_generate.expiration_ttl", label = "Expiration TTL", kind = "uint", width = 4 },
      [6] = { filter = "apns.app_token_generate.vapid_key_hash", label = "VAPID public-key hash", kind = "bytes", width = 0 },
    },
  } },
},
[0x12] = {
  { name = "app_token_generate_response", label = "AppTokenGenerateResponse", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.app_token_generate_response.status", label = "Status", kind = "uint", width = 1, names = { [0] = "ok" }, role = "status" },
      [2] = { filter = "apns.app_token_generate_response.token", label = "Token", kind = "token", width = 32, role = "token" },
      [3] = { filter = "apns.app_token_generate_response.topic", label = "Topic", kind = "topic", width = 0, role = "topic", alias = "topic" },
      [4] = { filter = "apns.app_token_generate_response.app_id", label = "App id", kind = "uint", width = 2 },
    },
    [1] = {
      [1] = { filter = "apns.app_token_generate_response.status", label = "Status", kind = "uint", width = 1, names = { [0] = "ok" }, role = "status" },
      [2] = { filter = "apns.app_token_generate_response.token", label = "Token", kind = "token", width = 32, role = "token" },
      [3] = { filter = "apns.app_token_generate_response.topic", label = "Topic", kind = "topic", width = 0, role = "topic", alias = "topic" },
      [4] = { filter = "apns.app_token_generate_response.app_id", label = "App id", kind = "uint", width = 2 },
    },
  } },
},
[0x15] = {
  { name = "transport_ack", label = "TransportAck", direction = 0, fields = {
    [0] = {
    },
    [1] = {
    },
  } },
},
[0x16] = {
  { name = "unknown16", label = "Unknown 16", direction = 1, fields = {
    [0] = {
    },
    [1] = {
    },
  } },
},
[0x17] = {
  { name = "redirect", label = "Redirect", direction = 1, fields = {
    [0] = {
      [2] = { filter = "apns.redirect.server_metadata", label = "Server metadata", kind = "text", width = 0 },
      [9] = { filter = "apns.redirect.redirect_reason", label = "Redirect reason", kind = "text", width = 0 },
    },
    [1] = {
      [2] = { filter = "apns.redirect.server_metadata", label = "Server metadata", kind = "text", width = 0 },
      [9] = { filter = "apns.redirect.redirect_reason", label = "Redirect reason", kind = "text", width = 0 },
    },
  } },
},
[0x18] = {
  { name = "task_control", label = "TaskControl", direction = 2, fields = {
    [0] = {
      [1] = { filter = "apns.task_control.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.task_control.payload", label = "Payload", kind = "payload", width = 0 },
      [3] = { filter = "apns.task_control.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
    [1] = {
      [1] = { filter = "apns.task_control.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.task_control.payload", label = "Payload", kind = "payload", width = 0 },
      [3] = { filter = "apns.task_control.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
  } },
},
[0x19] = {
  { name = "task_notification", label = "TaskNotification", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.task_notification.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.task_notification.payload", label = "Payload", kind = "payload", width = 0 },
      [3] = { filter = "apns.task_notification.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
    [1] = {
      [1] = { filter = "apns.task_notification.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.task_notification.payload", label = "Payload", kind = "payload", width = 0 },
      [3] = { filter = "apns.task_notification.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
  } },
},
[0x1d] = {
  { name = "pub_sub_channel_list", label = "PubSubChannelList", direction = 2, fields = {
    [0] = {
      [1] = { filter = "apns.pub_sub_channel_list.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.pub_sub_channel_list.payload", label = "Channels", kind = "protobuf", width = 0 },
      [3] = { filter = "apns.pub_sub_channel_list.token", label = "Token", kind = "token", width = 32, role = "token" },
      [4] = { filter = "apns.pub_sub_channel_list.status", label = "Status", kind = "uint", width = 1, role = "status" },
      [5] = { filter = "apns.pub_sub_channel_list.timeout", label = "Timeout", kind = "uint", width = 4 },
    },
    [1] = {
      [1] = { filter = "apns.pub_sub_channel_list.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.pub_sub_channel_list.payload", label = "Channels", kind = "protobuf", width = 0 },
      [3] = { filter = "apns.pub_sub_channel_list.token", label = "Token", kind = "token", width = 32, role = "token" },
      [4] = { filter = "apns.pub_sub_channel_list.status", label = "Status", kind = "uint", width = 1, role = "status" },
      [5] = { filter = "apns.pub_sub_channel_list.timeout", label = "Timeout", kind = "uint", width = 4 },
    },
  } },
},
[0x1e] = {
  { name = "pub_sub_update", label = "PubSubUpdate", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.pub_sub_update.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.pub_sub_update.payload", label = "Payload", kind = "payload", width = 0 },
      [3] = { filter = "apns.pub_sub_update.token", label = "Token", kind = "token", width = 32, role = "token" },
      [4] = { filter = "apns.pub_sub_update.timestamp", label = "Timestamp", kind = "uint", width = 8 },
    },
    [1] = {
      [1] = { filter = "apns.pub_sub_update.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.pub_sub_update.payload", label = "Payload", kind = "payload", width = 0 },
      [3] = { filter = "apns.pub_sub_update.token", label = "Token", kind = "token", width = 32, role = "token" },
      [4] = { filter = "apns.pub_sub_update.timestamp", label = "Timestamp", kind = "uint", width = 8 },
    },
  } },
},
[0x20] = {
  { name = "presence_tracking", label = "PresenceTracking", direction = 0, fields = {
    [0] = {
      [1] = { filter = "apns.presence_tracking.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.presence_tracking.token", label = "Push token", kind = "token", width = 32, role = "token" },
      [3] = { filter = "apns.presence_tracking.salt", label = "Salt", kind = "uint", width = 8 },
      [4] = { filter = "apns.presence_tracking.tracking_flag", label = "Tracking flag", kind = "uint", width = 4 },
      [5] = { filter = "apns.presence_tracking.timestamp", label = "Timestamp", kind = "uint", width = 8 },
    },
    [1] = {
      [1] = { filter = "apns.presence_tracking.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.presence_tracking.token", label = "Push token", kind = "token", width = 32, role = "token" },
      [3] = { filter = "apns.presence_tracking.salt", label = "Salt", kind = "uint", width = 8 },
      [4] = { filter = "apns.presence_tracking.tracking_flag", label = "Tracking flag", kind = "uint", width = 4 },
      [5] = { filter = "apns.presence_tracking.timestamp", label = "Timestamp", kind = "uint", width = 8 },
    },
  } },
  { name = "presence_tracking_response", label = "PresenceTrackingResponse", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.presence_tracking_response.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.presence_tracking_response.token", label = "Token", kind = "token", width = 32, role = "token" },
      [3] = { filter = "apns.presence_tracking_response.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
    [1] = {
      [1] = { filter = "apns.presence_tracking_response.id", label = "Message id", kind = "uint", width = 4, role = "id" },
      [2] = { filter = "apns.presence_tracking_response.token", label = "Token", kind = "token", width = 32, role = "token" },
      [3] = { filter = "apns.presence_tracking_response.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
  } },
},
[0x21] = {
  { name = "filter_update", label = "FilterUpdate", direction = 1, fields = {
    [0] = {
      [1] = { filter = "apns.filter_update.token", label = "Token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.filter_update.version", label = "Version", kind = "uint", width = 8 },
      [3] = { filter = "apns.filter_update.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
    [1] = {
      [1] = { filter = "apns.filter_update.token", label = "Token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.filter_update.version", label = "Version", kind = "uint", width = 8 },
      [3] = { filter = "apns.filter_update.status", label = "Status", kind = "uint", width = 1, role = "status" },
    },
  } },
},
[0x22] = {
  { name = "unknown22", label = "Unknown 22", direction = 1, fields = {
    [0] = {
    },
    [1] = {
    },
  } },
},
}
commands["courier-ios4"] = {
[0x00] = {
  { name = "connect", label = "Connect", direction = 0, layouts = { { { id = 1, prefix = 2, width = 32 } }, { { id = 1, prefix = 4, width = 32 } } }, fields = {
    [0] = {
      [1] = { filter = "apns.connect.token", label = "Token", kind = "token", width = 32, role = "token" },
    },
    [1] = {
      [1] = { filter = "apns.connect.token", label = "Token", kind = "token", width = 32, role = "token" },
    },
  } },
},
[0x01] = {
  { name = "connect_response", label = "ConnectResponse", direction = 1, layouts = { { { id = 1, take = 1 }, { id = 2, prefix = 4, width = 32 } } }, fields = {
    [0] = {
      [1] = { filter = "apns.connect_response.status", label = "Status", kind = "uint", width = 1, names = { [0] = "ok" }, role = "status" },
      [2] = { filter = "apns.connect_response.token", label = "Token", kind = "token", width = 32, role = "token" },
    },
    [1] = {
      [1] = { filter = "apns.connect_response.status", label = "Status", kind = "uint", width = 1, names = { [0] = "ok" }, role = "status" },
      [2] = { filter = "apns.connect_response.token", label = "Token", kind = "token", width = 32, role = "token" },
    },
  } },
},
[0x02] = {
  { name = "filter", label = "Filter", direction = 0, layouts = { { { id = 1, take = 4 }, { id = 2, take = 4 }, { id = 3, list = true }, { id = 4, take = 4 }, { id = 5, take = 4 }, { id = 6, list = true } } }, fields = {
    [0] = {
      [1] = { filter = "apns.filter.enabled_count", label = "Enabled topics", kind = "uint", width = 4 },
      [2] = { filter = "apns.filter.enabled_size", label = "Size of an enabled topic", kind = "uint", width = 4, unit = "bytes" },
      [3] = { filter = "apns.filter.enabled", label = "Enabled topic", kind = "topic", width = 20, alias = "topic" },
      [4] = { filter = "apns.filter.ignored_count", label = "Disabled topics", kind = "uint", width = 4 },
      [5] = { filter = "apns.filter.ignored_size", label = "Size of a disabled topic", kind = "uint", width = 4, unit = "bytes" },
      [6] = { filter = "apns.filter.ignored", label = "Disabled topic", kind = "topic", width = 20, alias = "topic" },
    },
    [1] = {
      [1] = { filter = "apns.filter.enabled_count", label = "Enabled topics", kind = "uint", width = 4 },
      [2] = { filter = "apns.filter.enabled_size", label = "Size of an enabled topic", kind = "uint", width = 4, unit = "bytes" },
      [3] = { filter = "apns.filter.enabled", label = "Enabled topic", kind = "topic", width = 20, alias = "topic" },
      [4] = { filter = "apns.filter.ignored_count", label = "Disabled topics", kind = "uint", width = 4 },
      [5] = { filter = "apns.filter.ignored_size", label = "Size of a disabled topic", kind = "uint", width = 4, unit = "bytes" },
      [6] = { filter = "apns.filter.ignored", label = "Disabled topic", kind = "topic", width = 20, alias = "topic" },
    },
  } },
},
[0x03] = {
  { name = "message", label = "Message", direction = 1, layouts = { { { id = 1, prefix = 4, width = 20 }, { id = 2, prefix = 4, width = 0 } } }, fields = {
    [0] = {
      [1] = { filter = "apns.message.topic", label = "Topic", kind = "topic", width = 20, role = "topic", alias = "topic" },
      [2] = { filter = "apns.message.payload", label = "Payload", kind = "payload", width = 0 },
    },
    [1] = {
      [1] = { filter = "apns.message.topic", label = "Topic", kind = "topic", width = 20, role = "topic", alias = "topic" },
      [2] = { filter = "apns.message.payload", label = "Payload", kind = "payload", width = 0 },
    },
  } },
},
[0x04] = {
  { name = "message_ack", label = "MessageAck", direction = 0, layouts = { { { id = 1, take = 3 } } }, fields = {
    [0] = {
      [1] = { filter = "apns.message_ack.unknown1", label = "Unknown 1", kind = "bytes", width = 3 },
    },
    [1] = {
      [1] = { filter = "apns.message_ack.unknown1", label = "Unknown 1", kind = "bytes", width = 3 },
    },
  } },
},
[0x05] = {
  { name = "keep_alive", label = "KeepAlive", direction = 0, layouts = { { { id = 1, prefix = 4, width = 0 } } }, fields = {
    [0] = {
      [1] = { filter = "apns.keep_alive.text", label = "Text", kind = "text", width = 0 },
    },
    [1] = {
      [1] = { filter = "apns.keep_alive.text", label = "Text", kind = "text", width = 0 },
    },
  } },
},
[0x06] = {
  { name = "keep_alive_response", label = "KeepAliveResponse", direction = 1, layouts = { {  } }, fields = {
    [0] = {
    },
    [1] = {
    },
  } },
},
}
commands["gateway"] = {
[0x00] = {
  { name = "simple_notification", label = "Notification (simple)", direction = 0, layouts = { { { id = 1, prefix = 2, width = 32 }, { id = 2, prefix = 2, width = 0 } } }, fields = {
    [0] = {
      [1] = { filter = "apns.notification.token", label = "Device token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.notification.payload", label = "Payload", kind = "payload", width = 0 },
    },
    [1] = {
      [1] = { filter = "apns.notification.token", label = "Device token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.notification.payload", label = "Payload", kind = "payload", width = 0 },
    },
  } },
},
[0x01] = {
  { name = "enhanced_notification", label = "Notification (enhanced)", direction = 0, layouts = { { { id = 3, take = 4 }, { id = 4, take = 4 }, { id = 1, prefix = 2, width = 32 }, { id = 2, prefix = 2, width = 0 } } }, fields = {
    [0] = {
      [3] = { filter = "apns.notification.identifier", label = "Identifier", kind = "uint", width = 4, role = "id" },
      [4] = { filter = "apns.notification.expiry", label = "Expiration", kind = "uint", width = 4, unit = "s", time = true, names = { [0] = "do not store" } },
      [1] = { filter = "apns.notification.token", label = "Device token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.notification.payload", label = "Payload", kind = "payload", width = 0 },
    },
    [1] = {
      [3] = { filter = "apns.notification.identifier", label = "Identifier", kind = "uint", width = 4, role = "id" },
      [4] = { filter = "apns.notification.expiry", label = "Expiration", kind = "uint", width = 4, unit = "s", time = true, names = { [0] = "do not store" } },
      [1] = { filter = "apns.notification.token", label = "Device token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.notification.payload", label = "Payload", kind = "payload", width = 0 },
    },
  } },
},
[0x02] = {
  { name = "notification", label = "Notification", direction = 0, fields = {
    [0] = {
      [1] = { filter = "apns.notification.token", label = "Device token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.notification.payload", label = "Payload", kind = "payload", width = 0 },
      [3] = { filter = "apns.notification.identifier", label = "Identifier", kind = "uint", width = 4, role = "id" },
      [4] = { filter = "apns.notification.expiry", label = "Expiration", kind = "uint", width = 4, unit = "s", time = true, names = { [0] = "do not store" } },
      [5] = { filter = "apns.notification.priority", label = "Priority", kind = "uint", width = 1, names = { [5] = "power saving", [10] = "immediately" } },
    },
    [1] = {
      [1] = { filter = "apns.notification.token", label = "Device token", kind = "token", width = 32, role = "token" },
      [2] = { filter = "apns.notification.payload", label = "Payload", kind = "payload", width = 0 },
      [3] = { filter = "apns.notification.identifier", label = "Identifier", kind = "uint", width = 4, role = "id" },
      [4] = { filter = "apns.notification.expiry", label = "Expiration", kind = "uint", width = 4, unit = "s", time = true, names = { [0] = "do not store" } },
      [5] = { filter = "apns.notification.priority", label = "Priority", kind = "uint", width = 1, names = { [5] = "power saving", [10] = "immediately" } },
    },
  } },
},
[0x08] = {
  { name = "error_response", label = "Error response", direction = 1, layouts = { { { id = 1, take = 1 }, { id = 2, take = 4 } } }, fields = {
    [0] = {
      [1] = { filter = "apns.error_response.status", label = "Status", kind = "uint", width = 1, names = { [0] = "no errors encountered", [1] = "processing error", [2] = "missing device token", [3] = "missing topic", [4] = "missing payload", [5] = "invalid token size", [6] = "invalid topic size", [7] = "invalid payload size", [8] = "invalid token", [10] = "shutdown", [128] = "protocol error", [255] = "none (unknown)" }, role = "status" },
      [2] = { filter = "apns.error_response.identifier", label = "Identifier", kind = "uint", width = 4, role = "id" },
    },
    [1] = {
      [1] = { filter = "apns.error_response.status", label = "Status", kind = "uint", width = 1, names = { [0] = "no errors encountered", [1] = "processing error", [2] = "missing device token", [3] = "missing topic", [4] = "missing payload", [5] = "invalid token size", [6] = "invalid topic size", [7] = "invalid payload size", [8] = "invalid token", [10] = "shutdown", [128] = "protocol error", [255] = "none (unknown)" }, role = "status" },
      [2] = { filter = "apns.error_response.identifier", label = "Identifier", kind = "uint", width = 4, role = "id" },
    },
  } },
},
}
commands["feedback"] = {
[0x00] = {
  { name = "feedback", label = "Feedback", direction = 1, layouts = { { { id = 1, take = 4 }, { id = 2, prefix = 2, width = 0 } } }, fields = {
    [0] = {
      [1] = { filter = "apns.feedback.timestamp", label = "Timestamp", kind = "uint", width = 4, unit = "s", time = true },
      [2] = { filter = "apns.feedback.token", label = "Device token", kind = "token", width = 0, role = "token" },
    },
    [1] = {
      [1] = { filter = "apns.feedback.timestamp", label = "Timestamp", kind = "uint", width = 4, unit = "s", time = true },
      [2] = { filter = "apns.feedback.token", label = "Device token", kind = "token", width = 0, role = "token" },
    },
  } },
},
}

-- Topics by the SHA-1 of their names.
local topics = {
  ["7d53fc1030bc1ceb298870fa53e512284f60cceb"] = "com.apple.Maps",
  ["4f72d1864a81a1db5c138de4e0e15bb69f72c6f9"] = "com.apple.Notes",
  ["5941f0c6a361a2a367bd7805f2aa3962e8b81de8"] = "com.apple.TestFlight",
  ["413751ee664697d113abccd22db1e37d8dd9886d"] = "com.apple.aa.idms",
  ["8785a6a41aa214b5a3c187837bd3c3d5f7e6c144"] = "com.apple.aa.setupservice",
  ["6495b7da3efc7b36e861651f82e6a822a06b4efb"] = "com.apple.amsaccountsd",
  ["6788e27d4e68be725f99fb6a58346b44b2dae46c"] = "com.apple.amsengagementd.notifications",
  ["7db3b375799178319ed22fd67ff665b43159a425"] = "com.apple.appstored",
  ["0880c7f1077db2e7c24680d7c7b1cf06508c61bc"] = "com.apple.appstored-testflight",
  ["6cda003462c644c5699e0b745b708ad67e958377"] = "com.apple.askpermissiond",
  ["89989b78a65573109149d65c27f9a70011acc975"] = "com.apple.bookassetd",
  ["8cff4118c7983c3ad56d2489df58905db6230a27"] = "com.apple.dt.Xcode",
  ["e85619abd42029c7481a7ac19092bb4690cbee76"] = "com.apple.ess",
  ["2029d5d97adf892963275e1e4aff71a09130c5b2"] = "com.apple.findmy",
  ["06cf82e4e6882811305b91e8ea0e1b80c5395f1e"] = "com.apple.gamed",
  ["d5877e7a832387867dc1f533bbc3f46d9ff2111a"] = "com.apple.iBooksX",
  ["76c9c07ff37f6067da53846fbba013c89af2cadb"] = "com.apple.iWork.Numbers",
  ["dc05af2fb19e4739d0741b46ce789dec6ca24751"] = "com.apple.iWork.Pages",
  ["3db45516e85e4c580302095688c023c4c8394510"] = "com.apple.icloud-container.F3LWYJ7GM7.com.apple.garageband10",
  ["d472e3522ba831ce7aeac0f44b1983f838ca8b97"] = "com.apple.icloud-container.F3LWYJ7GM7.com.apple.mobilegarageband",
  ["ef6342abc76d02c0b0a5df6f82ec653acd2dfd8a"] = "com.apple.icloud-container.clouddocs.3L68KQB4HG.com.readdle.CommonDocuments",
  ["2d279fec4fd5a20ee54f2a6ae4f8c313734add60"] = "com.apple.icloud-container.clouddocs.F3LWYJ7GM7.com.apple.garageband10",
  ["b4503d831fc749a8e3c765710d26d44afbc7b527"] = "com.apple.icloud-container.clouddocs.F3LWYJ7GM7.com.apple.mobilegarageband",
  ["3032739837dfd297a58a46cc424b10ac78532bb4"] = "com.apple.icloud-container.clouddocs.com.apple.Automator",
  ["930573c2f6d5ff3eecf5819954697eb2f2e9d71d"] = "com.apple.icloud-container.clouddocs.com.apple.CloudDocs",
  ["a47391637479b5e81b3323679fea28b40a79f336"] = "com.apple.icloud-container.clouddocs.com.apple.CloudDocs.container-metadata",
  ["76824f26839c5bee70ac7a4e69dfe09e0ad8dbe3"] = "com.apple.icloud-container.clouddocs.com.apple.CloudDocs.health",
  ["2654acd18ddbe310475763a53cfdde234a10729d"] = "com.apple.icloud-container.clouddocs.com.apple.CloudDocs.pp-metadata",
  ["655e556a49dfdb6dedb637ee92a6afc88fb8f85e"] = "com.apple.icloud-container.clouddocs.com.apple.Keynote",
  ["a13c7c28a7434834e0f4f27931e9bacf6f2f5a30"] = "com.apple.icloud-container.clouddocs.com.apple.Numbers",
  ["3a6adf8fa86da9e75e342e331cc7f570f3e8270d"] = "com.apple.icloud-container.clouddocs.com.apple.Pages",
  ["c2a3e49b1751a397d0c3ea45fc4243632943f1f8"] = "com.apple.icloud-container.clouddocs.com.apple.Preview",
  ["68d3f5bd79db9d76f3860e5cba48386d18244742"] = "com.apple.icloud-container.clouddocs.com.apple.QuickTimePlayerX",
  ["f043f2dff435ed425a22c1399d29d8c9aeaa709b"] = "com.apple.icloud-container.clouddocs.com.apple.ScriptEditor2",
  ["bd269bc16d894447b4ebcca5bdd19d24d4742b86"] = "com.apple.icloud-container.clouddocs.com.apple.TextEdit",
  ["114705359e4822baafb6a662d97237300faa4567"] = "com.apple.icloud-container.clouddocs.com.apple.TextInput",
  ["94135e90c97a140535d3a876ba7e4c1f54f1e9c0"] = "com.apple.icloud-container.clouddocs.com.apple.finder",
  ["e60792bdaafe77df94da31b72cb04d0b3fc8698e"] = "com.apple.icloud-container.clouddocs.com.apple.iBooks.cloudData",
  ["4b9e006460dd234038e576b6cc47db4a1cb7f64f"] = "com.apple.icloud-container.clouddocs.com.apple.mail",
  ["02064e3cc37b5ebfb1e923bfd7d0ab92cedce8f9"] = "com.apple.icloud-container.clouddocs.com.apple.shoebox",
  ["419ef3c65f352373757f077518b2723062c50d2e"] = "com.apple.icloud-container.clouddocs.com.apple.system.spotlight",
  ["5e85d993bc2c141ff5e11e8a99e668f02bd095f4"] = "com.apple.icloud-container.clouddocs.iCloud.com.apple.MobileSMS",
  ["6a1d5fffbfe496c4f0f81d9d9614eadd6ddbbf3d"] = "com.apple.icloud-container.clouddocs.iCloud.com.apple.configurator.ui",
  ["bf51b60d93c316b5a78037c9edb0e4ca085b96f7"] = "com.apple.icloud-container.clouddocs.iCloud.com.apple.iBooks",
  ["fce963be6092ed15318a2af1500e19cffd39148c"] = "com.apple.icloud-container.clouddocs.iCloud.com.apple.iBooks.iTunesU",
  ["6831cd7878b115864579163afe7707d31e4e0b9e"] = "com.apple.icloud-container.clouddocs.iCloud.com.reddit.reddit",
  ["2df9c59fcd87a0f965c607dc8c3c9234291c3271"] = "com.apple.icloud-container.clouddocs.iCloud.dk.simonbs.Scriptable",
  ["6cf43498ddede35111fdb4d5ca30f8df28384b8a"] = "com.apple.icloud-container.clouddocs.iCloud.is.workflow.my.workflows",
  ["e64fae932b29144f259fe129407d06ade7406a27"] = "com.apple.icloud-container.clouddocs.iCloud.md.obsidian",
  ["befaf398b28c51cb64e43f1540963243039443ca"] = "com.apple.icloud-container.com.apple.Automator",
  ["bbbfd7ccdc4d50298a32866bc3c688d4c63d8ad3"] = "com.apple.icloud-container.com.apple.CloudDocs",
  ["3ecb1650cd21dd70036b6374b840bbbe77246518"] = "com.apple.icloud-container.com.apple.CloudDocs.container-metadata",
  ["4ad1b10cbff769c2d8712252f5c64da010232a58"] = "com.apple.icloud-container.com.apple.Keynote",
  ["34bbe556152bae195f99298ae961b11774294288"] = "com.apple.icloud-container.com.apple.Maps",
  ["8cc62e5c106b0d3196d29588eb8ae398c13f6d3c"] = "com.apple.icloud-container.com.apple.Notes",
  ["74d62777c4de531ca73a5cce745793ef3eb6b289"] = "com.apple.icloud-container.com.apple.Numbers",
  ["f68ec02fddf467f50b322a4edf9e1d2dc9802477"] = "com.apple.icloud-container.com.apple.Pages",
  ["67885fcf4e3a979a5e776dce63e49a2adc8b587c"] = "com.apple.icloud-container.com.apple.Preview",
  ["ea39f2e48df32885cbc9e56b1c96583ee8f16d93"] = "com.apple.icloud-container.com.apple.QuickTimePlayerX",
  ["cc839427a044caaa43000d6910b4b77f6b57024b"] = "com.apple.icloud-container.com.apple.Safari",
  ["098efeb13774269aa531b4a73ff980401acb7d3e"] = "com.apple.icloud-container.com.apple.SafariShared.CloudTabs",
  ["8d163e230cb1c9da71d4cedc235b33d3f22fba2b"] = "com.apple.icloud-container.com.apple.SafariShared.Settings",
  ["ed07a358c8bf1f6c77c2cbd979d8304a6fa7a55a"] = "com.apple.icloud-container.com.apple.SafariShared.WBSCloudBookmarksStore",
  ["9dbdec9742bc3027024f185f87b8540e835152f1"] = "com.apple.icloud-container.com.apple.ScriptEditor2",
  ["7bdb1698c8e4eee7ec4a883767e698eb412fd030"] = "com.apple.icloud-container.com.apple.StatusKitAgent",
  ["27027f98d750c89e5f39a3256579c1764b32e2d1"] = "com.apple.icloud-container.com.apple.TextEdit",
  ["4fe453e24278483151a839cdafc6d704a3d3d11b"] = "com.apple.icloud-container.com.apple.TextInput",
  ["6eac56e72ebf74d674efb4c08b7975075d137058"] = "com.apple.icloud-container.com.apple.TrustedPeersHelper",
  ["6c1d32d55782dec211bd857b811fb8ba18e7a920"] = "com.apple.icloud-container.com.apple.VoiceMemos",
  ["aee925265f46ab7d87049061c59f8e026289a2b9"] = "com.apple.icloud-container.com.apple.amsengagementd",
  ["96f81793b24a2718469cbca6ef3292200d3185c5"] = "com.apple.icloud-container.com.apple.appleaccount.beneficiary",
  ["afef42c847b97ec94ebe22310ecc3709dab0e89d"] = "com.apple.icloud-container.com.apple.appleaccount.beneficiary.private",
  ["76673996e1774f5754ba985908f1c8bb00884ca9"] = "com.apple.icloud-container.com.apple.appleaccount.custodian",
  ["f86bc739aeabaa26fcbd89f4e50d1474dc5597f7"] = "com.apple.icloud-container.com.apple.appleaccount.custodian.private",
  ["fa065988ec7e24e613e8c1163211c6072b312c44"] = "com.apple.icloud-container.com.apple.assistant.assistantd",
  ["a7d2a7429f6eca5c07896319bfbc8ce94b00f3d3"] = "com.apple.icloud-container.com.apple.avatarsd",
  ["81ea80a8e292d1e6996ce771c2bb099dc284f055"] = "com.apple.icloud-container.com.apple.callhistory.sync-helper",
  ["b8fac7e36abed301723fa2b32673c53ff94c60f4"] = "com.apple.icloud-container.com.apple.clouddocs",
  ["e2225610d1b716ac87094ad02abd95cb727975fb"] = "com.apple.icloud-container.com.apple.cloudpaird",
  ["bbf8c8411ff4d885cfd7a46b5ab7e23c9dcbc54d"] = "com.apple.icloud-container.com.apple.donotdisturbd",
  ["40767b4895c302627df195ee185ef167e16250fc"] = "com.apple.icloud-container.com.apple.financed",
  ["5f80923f45c8941336e89c23ebbeafbcaede005b"] = "com.apple.icloud-container.com.apple.finder",
  ["93556af4eb0e9500014afadc2c1e05270ed78840"] = "com.apple.icloud-container.com.apple.findmy",
  ["3e29ace1c6ecc8f1bfe260fba22bfba5bfd2fd7d"] = "com.apple.icloud-container.com.apple.gamed",
  ["86a866c0ea0f358cf8c656412f7ee708497f9bce"] = "com.apple.icloud-container.com.apple.iBooksX",
  ["e7c036e93bb4686dbaac4a6e48b0a0edcc10777b"] = "com.apple.icloud-container.com.apple.iWork.Numbers",
  ["147422bc639a889c70a0dc8c5318de87765e9ee9"] = "com.apple.icloud-container.com.apple.iWork.Pages",
  ["6164273e4e058adc2d30672ff0d0a8b77cb9d580"] = "com.apple.icloud-container.com.apple.icloud.fmfd",
  ["af8e90e92751b93c3d860010fc28c7a9a6ac13c7"] = "com.apple.icloud-container.com.apple.icloud.searchpartyuseragent",
  ["5dbcec9b0bf0e34c0b9f155a85d323e95b417120"] = "com.apple.icloud-container.com.apple.imagent",
  ["1cbf94f9f93cdb33777a1d16ebb4a0da630f4c12"] = "com.apple.icloud-container.com.apple.keyboardservicesd",
  ["2201515b973cbfb75805c8e3d532c63b16c4c859"] = "com.apple.icloud-container.com.apple.knowledge-agent",
  ["0db9023fba21a5ee7c6671f5350bdebf5382d8d7"] = "com.apple.icloud-container.com.apple.mail",
  ["7f0adf42fe04312260cf0f91d832daf39add8e74"] = "com.apple.icloud-container.com.apple.news",
  ["4695125f16cbba3bb7f77cabc0879d7a9352a965"] = "com.apple.icloud-container.com.apple.passd",
  ["ec173d72efb106ee8917241ba96c07a4f8cddc0d"] = "com.apple.icloud-container.com.apple.photos.cloud",
  ["7695738a480cc1a31631e7edc492881bb9bd78a9"] = "com.apple.icloud-container.com.apple.protectedcloudstorage.protectedcloudkeysyncing",
  ["b684403417a7b256fd8b801aeb73133a49772774"] = "com.apple.icloud-container.com.apple.reminders",
  ["2ecd6691d573e094a4aa77c3ba3bdb0c44a5e25e"] = "com.apple.icloud-container.com.apple.security.cuttlefish",
  ["b033e7eb35fce6a1394f6264fb5bbb04a5f0b066"] = "com.apple.icloud-container.com.apple.security.kcsharing",
  ["5a6de7afb25657a352878e98b58ebb0133d0c978"] = "com.apple.icloud-container.com.apple.securityd",
  ["0bead7a89cbb80da7269c0371df92148c30117e7"] = "com.apple.icloud-container.com.apple.shoebox",
  ["ab2fb50702b1a914c092c90b94309235ea6b6825"] = "com.apple.icloud-container.com.apple.siriknowledged",
  ["c57e99079a75fbdaea427386c1cd708e9f5b4e26"] = "com.apple.icloud-container.com.apple.sociallayerd",
  ["47b96ed401930e08e47e7756b8633b4415fabc7a"] = "com.apple.icloud-container.com.apple.suggestd",
  ["f861d8338e2846acf54769af2993d60212bc1f2f"] = "com.apple.icloud-container.com.apple.syncdefaultsd",
  ["56387209a7e4b3548b2d00839c8f2584bdba037b"] = "com.apple.icloud-container.com.apple.system.spotlight",
  ["36bf07e9fc82f276db6d8a2e565776354200724a"] = "com.apple.icloud-container.com.apple.upload-request-proxy.com.apple.photos.cloud",
  ["2038739c2e580f3613e5e2edcdb6511f610988d0"] = "com.apple.icloud-container.com.apple.willowd",
  ["1b87ccdc66c6f51869a7c2a09961dca71dec17da"] = "com.apple.icloud-container.com.apple.willowd.homekit",
  ["dd89cf48e158e528df0d5fb6c1522fb69fbf0123"] = "com.apple.icloud-container.company.thebrowser.Browser",
  ["a73d44a87ad5bfacb906804714c3632c1fcf5dbe"] = "com.apple.icloud.fmip.app.push",
  ["7429eeb043f31bf410b0315d03f9f5c3cfd5423f"] = "com.apple.icloud.fmip.voiceassistantsync",
  ["a607d39b275acc0375fc65c4e774b8c45c9c9835"] = "com.apple.icloud.presence.channel.management",
  ["718a5c2980a21daf1f90b9e2d326f931446a46e1"] = "com.apple.icloud.presence.mode.status",
  ["6d30e6a3409745bc7599b19a057291ad05a0a502"] = "com.apple.icloud.presence.shared.experience",
  ["2387cc2ea493aeb5279b15327b799f19e6ee4d61"] = "com.apple.idmsauth",
  ["998c5d4c6f0bb047fc827e799bb288562a619642"] = "com.apple.idmsauthagent",
  ["ed98cabb18f6456bfddf7fec19097b75a21217ac"] = "com.apple.itunesstored",
  ["40e0be532eed68ef734d15157aa0ba8be2367069"] = "com.apple.itunesu",
  ["27a2332df7737f9682678e9bc0b190a99b801674"] = "com.apple.jalisco",
  ["e4e6d952954168d0a5db02dbaf27cc35fc18d159"] = "com.apple.madrid",
  ["bb5ddb5d1674248f6a18c0b9ec4fec0ba9477d60"] = "com.apple.maps.icloud",
  ["607b22ddd37b70083b9db10cb606bbc9308d7344"] = "com.apple.maspushagent",
  ["45d4a8f8d83fdc7ba96233018fe1aa475fbccd6e"] = "com.apple.mediastream.subscription.push",
  ["af6a40647e7a0066624ae6984825d288f1818b31"] = "com.apple.mobileme.fmf1",
  ["504afab27bc0a8416adcee5131da75c58906b23d"] = "com.apple.mobileme.fmf2",
  ["655662467818149829c61b3d0e778190230ff6f2"] = "com.apple.mobileme.fmf3",
  ["79afbbadc8f8142d144202ed12106d5cd3f88f1a"] = "com.apple.mobileme.fmip",
  ["ed78d6ed17ec1ca6bf4e3bc079eaaec376fc9e1b"] = "com.apple.music.social",
  ["dee063aeb749be6ca0f96afb75bfa7e2266814d9"] = "com.apple.news",
  ["892637d03c80d68777502db2b78ee5cb09c3fed7"] = "com.apple.passd.usernotifications",
  ["8d47d4d4e14bb6c639c86d8af225b1002c54e2ce"] = "com.apple.pay.auxiliary.registration.requirement.prod",
  ["23ee66b95fd741b4d8a333fc40897498f9272b92"] = "com.apple.pay.provision",
  ["33cfd88ff854555fb79ee3c8e40365100221f992"] = "com.apple.pay.services.account.prod",
  ["f9364f69c8346362bf1c0434b024f25567f80f3d"] = "com.apple.pay.services.apply.prod",
  ["465e0c607702234c41259d0101f7fa02773d6632"] = "com.apple.pay.services.ck.zone.prod",
  ["7c49f9fa4418bada8653e6d94c941076dbe73483"] = "com.apple.pay.services.devicecheckin.prod.us",
  ["ba03f7adc430ed9618cf7ef33e2895c121fe58ef"] = "com.apple.pay.services.ownershipTokens.prod",
  ["54cfa381687b47bd9c98c9e7cea43d7fe6117d8d"] = "com.apple.pay.services.products.prod",
  ["86bc582f357468777e00122b36483f1879d5de1d"] = "com.apple.peerpayment",
  ["5c1c7c7c8edfa70a3aeeaa6f2e85904f206f5c7e"] = "com.apple.private.ac",
  ["bc920a5be1fb64ff1f2d507cf1c493ea1fe84123"] = "com.apple.private.alloy",
  ["f027094eceb95f5895dc12a43aee0a21e5ab8ac8"] = "com.apple.private.alloy.accessibility.switchcontrol",
  ["2e044d1084fef352b56dac6336d12e783bbe55d6"] = "com.apple.private.alloy.accounts.representative",
  ["0e4d1fbea4783b5ec39c95de9f291718f7fd8776"] = "com.apple.private.alloy.alarms-timers",
  ["b45a913bcd77d81dd01c2f6efb21250272cb3ea6"] = "com.apple.private.alloy.amp.potluck",
  ["38e85ba33e609f679f669162cff6b549840c4d5b"] = "com.apple.private.alloy.applepay",
  ["563d81347447c5c13c7eee307c517b90b84b8fde"] = "com.apple.private.alloy.avconference.icloud",
  ["a8b89b8c056df537901196c34e3ebe2f61f088d3"] = "com.apple.private.alloy.biz",
  ["3759875ee62866870dd207e9626cd78586513e17"] = "com.apple.private.alloy.callhistorysync",
  ["a3f5ef1634c1370e1520ee47fe171d3c6ad85af5"] = "com.apple.private.alloy.carmelsync",
  ["85cba478e48cbbf23de4fd3b2540a24026c18914"] = "com.apple.private.alloy.classroom",
  ["68c5bf29a705a7e9a89182035df52e11117bd977"] = "com.apple.private.alloy.clockface.sharing",
  ["83fc667c5478cbf8b3de97a68dda5026cabb04bd"] = "com.apple.private.alloy.contextsync",
  ["80390b3f3e21bb75a1925a3a49ffa06c5ef510b3"] = "com.apple.private.alloy.continuity.activity",
  ["ff3bde6a73a309f91eef6ff0a4950a5f362d6ccb"] = "com.apple.private.alloy.continuity.activity.public",
  ["8dcff081dc28d4e0720e1a815202ff16e789d2a9"] = "com.apple.private.alloy.continuity.auth",
  ["25e845bffc0489f9a2b82719632f62999bab95cf"] = "com.apple.private.alloy.continuity.encryption",
  ["79742e93103e4775631a618d1a1b92baab865fe9"] = "com.apple.private.alloy.continuity.tethering",
  ["384d6f91180fd9e67b68373af1bad26253f7d3c9"] = "com.apple.private.alloy.continuity.unlock",
  ["64300069b9ba855d0a42ecde99fb1839d1236454"] = "com.apple.private.alloy.copresence",
  ["d250ddd414794f3eefdc2872dd24486d8a702a09"] = "com.apple.private.alloy.coreduet.sync",
  ["dfc5e7bad61891b9411687efa263578b2c9cbcf1"] = "com.apple.private.alloy.ded",
  ["84a28e130479e6fbda82a910c666fe812e42898a"] = "com.apple.private.alloy.digitalhealth",
  ["83db9c70c82d62d0bdd1ead1a5af92abcc3da2bc"] = "com.apple.private.alloy.electrictouch",
  ["d8b1b2b2f56e9bd1d64f3e53e889408bda0c26ee"] = "com.apple.private.alloy.facetime.audio",
  ["6553b9774e7cdf02553da335f9939a3e5293ae74"] = "com.apple.private.alloy.facetime.lp",
  ["d6025e9e85d4b12fede7d73bedd371a133ccfca4"] = "com.apple.private.alloy.facetime.multi",
  ["5dc13f321ee1ad21bf5c40dfe14f89bc7d195588"] = "com.apple.private.alloy.facetime.mw",
  ["24fbf435a9ba751c6d2c331d82f7a9442f958a3c"] = "com.apple.private.alloy.facetime.sync",
  ["5dd965355dda3aaba83fb0c6a129c430cde5d01d"] = "com.apple.private.alloy.facetime.video",
  ["f73423d53880b0668c70175c9292e1e881549aac"] = "com.apple.private.alloy.familycontrols",
  ["6c6f1c863d3cdc46e148cf244c64d0dda3759ddd"] = "com.apple.private.alloy.findmy.itemsharing-crossaccount",
  ["d48976420a616a2f300256450efcd5bd8e2aadcd"] = "com.apple.private.alloy.fmd",
  ["74c39f18cf17887ce905d947d10b8f3501d7c388"] = "com.apple.private.alloy.fmf",
  ["ba48d0327b9539c19c88406beac6e1d8b97dbcd4"] = "com.apple.private.alloy.gamecenter",
  ["9546119c4d0b5126e47084b9c0966e768df69ce1"] = "com.apple.private.alloy.gamecenter.imessage",
  ["281e266ef9308f1198393b114862aee95099d3af"] = "com.apple.private.alloy.gelato",
  ["39ed7b95cf9e8edf429edd6a6996608f373bbba2"] = "com.apple.private.alloy.groupkit",
  ["b5a12a4d2cf9d753298d6cf01b83eef241eced4d"] = "com.apple.private.alloy.groupkit.invite",
  ["fdcb785de5928bae8798c91f57bccc5b30fc70ad"] = "com.apple.private.alloy.home",
  ["ccb6cf5ea603d81e8588c1bed472703eed6e2307"] = "com.apple.private.alloy.home.invite",
  ["e3c60cb6740d76f6fa96b4457e40d5e92c55e90a"] = "com.apple.private.alloy.icloudpairing",
  ["80fe480b51d412b958daaf13ea0355e9167cc09c"] = "com.apple.private.alloy.ids.cloudmessaging",
  ["051dfd66322a4e6cd0bc7cd5a36f114f17aef8a0"] = "com.apple.private.alloy.idsremoteurlconnection",
  ["a40c593e9f2ea576ede8c8dd11352b1d24ecc1d3"] = "com.apple.private.alloy.itunes",
  ["100cd9268b47a02ba36dae34721655c11810d592"] = "com.apple.private.alloy.kcsharing.invite",
  ["4e091f5b97d421283fa33c1006d1c35d261d0d1a"] = "com.apple.private.alloy.keytransparency.accountkey.pinning",
  ["f6fb7a6fa56d57a7ca1bb4282c39a859b56b7b6a"] = "com.apple.private.alloy.maps",
  ["a000f1aea1289434bb6eee95fbf818a74c036b3f"] = "com.apple.private.alloy.maps.eta",
  ["72eabfaaaa21130940d33b3dcb645de763884214"] = "com.apple.private.alloy.messagenotification",
  ["aaf7f45b0411e5255e0f9cea93b6e6a5e243d4f2"] = "com.apple.private.alloy.multiplex1",
  ["e92d0c93ac58d7dfea842551e2788bfd0c73b044"] = "com.apple.private.alloy.nearby",
  ["2ec2648e010945365dbe71949faff236b837b75a"] = "com.apple.private.alloy.nearby.family",
  ["80fbc22799db7528d821222bc1dcd5542c1e7c5e"] = "com.apple.private.alloy.notes",
  ["fd9e95e46670b26cad35e2500df24d683e1b678f"] = "com.apple.private.alloy.phone.auth",
  ["a7cd81784e08f7b80b41538b29900ca08fcfe6dd"] = "com.apple.private.alloy.phonecontinuity",
  ["fecc744548fcd70ba3703abe7c3b9c0707f50b6c"] = "com.apple.private.alloy.photostream",
  ["2ff459357b3da297c4bade3078c92303a6d2872d"] = "com.apple.private.alloy.proxiedcrashcopier.icloud",
  ["cf9f67ba47a006bc34338086957201e4625a0cbb"] = "com.apple.private.alloy.quickrelay",
  ["6799dd21259705e68242d55c391d65be81f538c4"] = "com.apple.private.alloy.safari.groupactivities",
  ["9b4940d44096336bacbaeeb7a41aa95cc98bec94"] = "com.apple.private.alloy.safeview",
  ["ded860e6a92f1d4b60f46573fe0a6ded887ca446"] = "com.apple.private.alloy.screensharing",
  ["916ccf41d1ece04e6a3c235641d9b5efc6af5264"] = "com.apple.private.alloy.screensharing.qr",
  ["8c594d688b7a72e972bd308090cb9533104ca922"] = "com.apple.private.alloy.screentime",
  ["78d67ccbf9395dd75f8dffb9acd63e35fbcd54bd"] = "com.apple.private.alloy.screentime.invite",
  ["bd75f244abee99c81e8e6670ea96cbe9461dfcf4"] = "com.apple.private.alloy.siri.icloud",
  ["7d4e93d9c596ac47675a7d7f53a558efb34b2c5a"] = "com.apple.private.alloy.sleep.icloud",
  ["7f33122bf76e40a49f3cc6a15576822ad7ff1c2a"] = "com.apple.private.alloy.sms",
  ["68aa6dd36fcbecdedd54c8182aaab87c2048b456"] = "com.apple.private.alloy.status.keysharing",
  ["77fbe4fb6b839d6b547b65102882d86eade01da0"] = "com.apple.private.alloy.status.personal",
  ["e8b90a7a50d047faf9a90985792293a4705d1654"] = "com.apple.private.alloy.thumper.keys",
  ["dc05f65c19bf24b9eba8ea88dd617b82f6de4bd0"] = "com.apple.private.alloy.tips",
  ["bd14d2136b744b22a72b2f71f0f2601a9b416167"] = "com.apple.private.alloy.usagetracking",
  ["a702f64dfb5f813d03adf9c775ca3dcff264038c"] = "com.apple.private.alloy.willow",
  ["aa57d45b08342925405a4cb2f18dbb7f2a0804de"] = "com.apple.private.alloy.willow.stream",
  ["02e81f9f8aeb0f9c06483e7a3f049a8227b3af41"] = "com.apple.private.ids",
  ["0936464ea7a43d3fa80b9e01453c7786acea8391"] = "com.apple.sagad",
  ["78d812c83b669ff5defabd6a03b81ab97c5ff22d"] = "com.apple.sharedstreams",
  ["2dd3af0a8cc117339f6cc0293bcd216bf8bf1e9e"] = "com.apple.store.Jolly",
  ["f49bfa17a6962bcc5594326754419725b0d380a4"] = "com.apple.storekit",
  ["13106fb0b70f621aa28f80abaa7dca82783d328e"] = "com.apple.tilt",
  ["b2980566609fa0fc7f5dad5576e3f107264278dd"] = "com.apple.triald",
  ["3e8694207fbb1d7b3843aaba65d7728bb16dbde9"] = "com.apple.tv.favoriteTeams",
  ["2a8dceaacdfb0fa7064b35dcb1299ef2b5aaab89"] = "com.apple.wallet.sharing",
  ["e51eab51bd24ef7ca78d9e95d5dbb8aaf38ffa69"] = "com.apple.wallet.sharing.qa",
  ["01a8c052521c445f4ffb51d7f76d9cfc6728b1ae"] = "com.apple.watchList",
  ["f24b72ab9a582e2312bfaf2612b0364a6e6362fb"] = "com.icloud.askpermission",
  ["b63f41fc5a7dd46f72a8ac249525b402dce31c0a"] = "com.icloud.family",
  ["a355e2e2bffdec52e0e69b6fa263c49bbddf20b0"] = "com.icloud.quota",
  ["7c0105c4eb699401dfb99db6d48b6c3ab92951b7"] = "com.me.bookmarks",
  ["4cce5520d57dfce2d5b5df64b427d6de6263dc0d"] = "com.me.btmm",
  ["dce593a0ac013016a778712b850dc2cf21af8266"] = "com.me.cal",
  ["73f7bfc9253abaaa423eba9a48e9f187994b7bd9"] = "com.me.contacts",
  ["63a82ad5e27b04a35cefda08e3773f25adf3b8d6"] = "com.me.keyvalueservice",
  ["2ac3edb23a73c7f981b727936d8f1012c2c4cdca"] = "com.me.setupservice",
  ["5a5fc3a1fea1dfe3770aab71bc46d0aa8a4dad41"] = "com.me.ubiquity",
  ["7af46f524c3da0cfa235cc4292f46fc063befb82"] = "com.me.ubiquity.system",
  ["c3ba1713190ea27aa2281b4df87f4bbbc3b2d302"] = "company.thebrowser.Browser",
  ["eaa10846f31fbd23774a913f1ee90dc7e9d76214"] = "dev.jjtech.pypush.tests",
  ["0e1a254bcd690670be03a2875b52bae33991771b"] = "paymentpass.com.apple",
}

local MAX_BODY = 0x100000 -- as in the analyzer: far above what servers announce for large messages
local MAX_TOKEN = 100
local MAX_VALUE = 0x10000 -- of commands without ids
local SERVER_PORTS = { [5223] = true, [443] = true, [2195] = true, [2196] = true, [2197] = true }
local DIRECTION_NAMES = { [0] = "c2s", [1] = "s2c" }

-- Fields -----------------------------------------------------------------------------------------------------------

local pf = {}
local order = {}

local function declare(abbr, make)
  if pf[abbr] == nil then
    pf[abbr] = make()
    order[#order + 1] = pf[abbr]
  end
  return pf[abbr]
end

local function bit_name(mask)
  local bit = 0
  while mask > 1 do
    mask = mask / 2
    bit = bit + 1
  end
  return "bit_" .. bit
end

local function declare_field(row)
  local abbr, label = row.filter, row.label
  if row.kind == "uint" then
    if row.time then
      declare(abbr, function() return ProtoField.absolute_time(abbr, label, base.UTC) end)
    elseif row.flags then
      declare(abbr, function() return ProtoField.uint32(abbr, label, base.HEX) end)
      for _, flag in ipairs(row.flags) do
        local bit = abbr .. "." .. bit_name(flag[1])
        declare(bit, function() return ProtoField.bool(bit, flag[2], 8 * row.width, nil, flag[1]) end)
      end
    elseif row.width == 8 then
      declare(abbr, function() return ProtoField.uint64(abbr, label, base.DEC) end)
    else
      declare(abbr, function() return ProtoField.uint32(abbr, label, base.DEC, row.names) end)
    end
  elseif row.kind == "text" or row.kind == "decimal" or row.kind == "topic" or row.kind == "address" then
    declare(abbr, function() return ProtoField.string(abbr, label) end)
  elseif row.kind == "uuid" then
    declare(abbr, function() return ProtoField.guid(abbr, label) end)
  else
    declare(abbr, function() return ProtoField.bytes(abbr, label) end)
  end
end

for _, dialect in pairs(commands) do
  for _, rows in pairs(dialect) do
    for _, command in pairs(rows) do
      for dir = 0, 1 do
        for _, row in pairs(command.fields[dir]) do declare_field(row) end
      end
    end
  end
end

pf.command = ProtoField.string("apns.command", "Message")
pf.dialect = ProtoField.string("apns.dialect", "Dialect")
pf.direction = ProtoField.string("apns.direction", "Direction")
pf.number = ProtoField.uint8("apns.command.number", "Command", base.HEX)
pf.length = ProtoField.uint32("apns.length", "Length")
pf.topic = ProtoField.string("apns.topic", "Topic")
pf.token = ProtoField.bytes("apns.token", "Token")
pf.id = ProtoField.uint32("apns.id", "Id")
pf.status = ProtoField.uint32("apns.status", "Status")
pf.unknown = ProtoField.bytes("apns.unknown", "Unknown field")
pf.rest = ProtoField.bytes("apns.rest", "Unparsed bytes")
for _, key in ipairs({ "command", "dialect", "direction", "number", "length", "topic", "token", "id", "status", "unknown", "rest" }) do
  order[#order + 1] = pf[key]
end
apns.fields = order

local expert = {
  width = ProtoExpert.new("apns.field.width", "The field has another width than its type says", expert.group.MALFORMED, expert.severity.WARN),
  unknown = ProtoExpert.new("apns.field.unknown", "Field that no public description has", expert.group.UNDECODED, expert.severity.NOTE),
  command = ProtoExpert.new("apns.frame.unknown_command", "Command that no public description has", expert.group.UNDECODED, expert.severity.NOTE),
  overrun = ProtoExpert.new("apns.frame.overrun", "A field declares more bytes than its frame holds", expert.group.MALFORMED, expert.severity.ERROR),
}
apns.experts = { expert.width, expert.unknown, expert.command, expert.overrun }

-- Values -----------------------------------------------------------------------------------------------------------

local NANOS = { s = 1000000000, ms = 1000000, ns = 1 }

local function topic_text(range)
  local hex = range:bytes():tohex(true)
  return topics[hex] or hex
end

local function time_from(value, unit)
  local per = UInt64(1000000000 / NANOS[unit])
  return NSTime.new((value / per):tonumber(), (value % per):tonumber() * NANOS[unit])
end

local function time_of(range, row)
  if row.width == 4 then return NSTime.new(range:uint(), 0) end
  return time_from(range:uint64(), row.unit)
end

local json = nil
pcall(function() json = Dissector.get("json") end)

-- Adds one field; returns its short text for the info column.
local function add_field(tree, row, range, pinfo)
  local field = pf[row.filter]
  local length = range and range:len() or 0
  if row.width and row.width > 0 and length ~= row.width then
    local item = range and tree:add(pf.unknown, range) or tree:add(pf.unknown, "")
    item:set_text(row.label .. ": " .. length .. " bytes, expected " .. row.width)
    item:add_proto_expert_info(expert.width)
    return length .. " bytes"
  end
  if range == nil then
    tree:add(apns, row.label .. ": empty")
    return ""
  end
  local text
  if row.kind == "uint" then
    if row.time then
      tree:add(field, range, time_of(range, row))
      text = format_date and format_date(time_of(range, row):tonumber()) or ""
    elseif row.width == 8 then
      tree:add(field, range)
      text = tostring(range:uint64())
    else
      local value = range:uint()
      local item = tree:add(field, range, value)
      text = row.names and row.names[value] or tostring(value)
      if row.unit and not row.flags then item:append_text(" " .. row.unit) end
      for _, flag in ipairs(row.flags or {}) do item:add(pf[row.filter .. "." .. bit_name(flag[1])], range) end
    end
  elseif row.kind == "topic" then
    text = topic_text(range)
    tree:add(field, range, text)
  elseif row.kind == "text" or row.kind == "decimal" then
    text = range:string(ENC_UTF_8)
    local item = tree:add(field, range, text)
    if row.unit then item:append_text(" " .. row.unit) end
  elseif row.kind == "address" then
    text = length == 4 and tostring(range:ipv4()) or length == 16 and tostring(range:ipv6()) or range:bytes():tohex(true)
    tree:add(field, range, text)
  elseif row.kind == "padding" then
    text = length .. " bytes of padding"
    tree:add(field, range)
  else
    local item = tree:add(field, range)
    text = range:bytes():tohex(true)
    if #text > 20 then text = text:sub(1, 8) .. "…" .. text:sub(-8) end
    if row.kind == "payload" and json and range(0, 1):uint() == 0x7b then
      text = nil
      pcall(function() json:call(range:tvb(), pinfo, item) end)
    end
  end
  if row.role == "topic" or row.alias == "topic" then tree:add(pf.topic, range, topic_text(range)):set_hidden() end
  if row.role == "token" then tree:add(pf.token, range):set_hidden() end
  if row.role == "id" then tree:add(pf.id, range, range:uint()):set_hidden() end
  if row.role == "status" then tree:add(pf.status, range, range:uint()):set_hidden() end
  return text
end

-- Items: id u8, length u16, value. Returns false when one overruns.
local function add_items(tree, command, dir, tvb, from, to, pinfo, info)
  local at = from
  while at + 3 <= to do
    local id = tvb(at, 1):uint()
    local length = tvb(at + 1, 2):uint()
    if at + 3 + length > to then break end
    local range = length > 0 and tvb(at + 3, length) or nil
    local row = command and (command.fields[dir][id] or command.fields[1 - dir][id])
    if row then
      local text = add_field(tree, row, range, pinfo)
      if row.role and text then info[#info + 1] = text end
    else
      local item = tree:add(pf.unknown, tvb(at, 3 + length))
      item:set_text("Unknown field " .. id .. ", " .. length .. " bytes")
      if command then item:add_proto_expert_info(expert.unknown) end
    end
    at = at + 3 + length
  end
  if at < to then
    tree:add(pf.rest, tvb(at, to - at)):add_proto_expert_info(expert.overrun)
  end
end

-- Length of a frame without ids by one layout, nil when more bytes are needed to tell, or 0 when it does not fit. `strict`:
-- values of a fixed width must have it, so that one of several layouts can be told.
local function walk_layout(layout, tvb, from, size, strict)
  local at = from
  for _, part in ipairs(layout) do
    local length = part.take
    if part.prefix then
      if at + part.prefix > size then return nil end
      length = tvb(at, part.prefix):uint()
      at = at + part.prefix
      if strict and part.width > 0 and length ~= part.width then return 0 end
    elseif part.list then
      if at > size then return nil end
      length = tvb(at - 8, 4):uint() * tvb(at - 4, 4):uint()
    end
    if length > MAX_VALUE then return 0 end
    at = at + length
  end
  return at - from
end

-- Parts without ids, by the layout of the table that fits.
local function add_layout(tree, command, dir, tvb, from, to, pinfo, info)
  local layout = command.layouts[1]
  for _, candidate in ipairs(command.layouts) do
    if walk_layout(candidate, tvb, from, to, #command.layouts > 1) == to - from then
      layout = candidate
      break
    end
  end
  local at = from
  for _, part in ipairs(layout) do
    local row = command.fields[dir][part.id]
    local length, times = part.take, 1
    if part.prefix then
      length = tvb(at, part.prefix):uint()
      at = at + part.prefix
    elseif part.list then
      times, length = tvb(at - 8, 4):uint(), tvb(at - 4, 4):uint()
      if length == 0 then times = 0 end
    end
    for _ = 1, times do
      local text = add_field(tree, row, length > 0 and tvb(at, length) or nil, pinfo)
      if row.role and text then info[#info + 1] = text end
      at = at + length
    end
  end
end

-- Packed encoding: attributes with literals; the tables of the connection are not kept -----------------------------------

local MAX_PACKED = 0x10000
local PACKED_DEPTH = 6

-- n-bit prefixed number begun in `first`, groups from `at`. Returns value and what follows, nil when it does not fit.
local function prefixed(tvb, at, to, bits, first)
  local mask = 2 ^ bits - 1
  local value = first % (mask + 1)
  if value < mask then return value, at end
  local scale = 1
  for _ = 1, 4 do
    if at >= to then return nil end
    local group = tvb(at, 1):uint()
    value = value + (group % 128) * scale
    scale = scale * 128
    at = at + 1
    if group < 128 then return value, at end
  end
  return nil
end

local packed_attribute

-- Returns { kind, text, from, to } and what follows; nil when these bytes are no literal.
local function packed_literal(tvb, at, to, depth)
  if at >= to or depth > PACKED_DEPTH then return nil end
  local head = tvb(at, 1):uint()
  local length
  if head < 0x60 then
    length, at = prefixed(tvb, at + 1, to, head < 0x40 and 6 or 5, head)
    if length == nil or at + length > to then return nil end
    return { kind = head < 0x40 and "data" or "text", from = at, to = at + length }, at + length
  elseif head >= 0x80 and head < 0xa0 then
    return { kind = "int", text = tostring(head - 0x80), uint = UInt64(head - 0x80), from = at, to = at + 1 }, at + 1
  elseif head >= 0xa0 and head < 0xb0 then
    length = head % 8 + 1
    if at + 1 + length > to then return nil end
    local value, negative = tvb(at + 1, length):uint64(), head >= 0xa8
    local text = (negative and "-" or "") .. tostring(value)
    return { kind = "int", text = text, uint = not negative and value or nil, from = at, to = at + 1 + length }, at + 1 + length
  elseif head >= 0xc0 and head < 0xe0 then
    local from, is_map = at, head < 0xd0
    length, at = prefixed(tvb, at + 1, to, 4, head)
    if length == nil or length > 1024 then return nil end
    for _ = 1, length do
      local part
      if is_map then part, at = packed_attribute(tvb, at, to, depth + 1) else part, at = packed_literal(tvb, at, to, depth + 1) end
      if part == nil then return nil end
    end
    return { kind = "group", text = length .. (is_map and " keys" or " items"), from = from, to = at }, at
  elseif head == 0xe0 or head == 0xe1 then
    return { kind = "bool", text = head == 0xe1 and "true" or "false", from = at, to = at + 1 }, at + 1
  end
  return nil
end

-- Returns { id or key, value, note, from } and what follows; nil when these bytes are no attribute.
function packed_attribute(tvb, at, to, depth)
  if at >= to then return nil end
  local head = tvb(at, 1):uint()
  local form, how = math.floor(head / 16) % 4, math.floor(head / 64)
  local attribute = { from = at, note = "" }
  at = at + 1
  if form == 0 then
    attribute.id = head % 16
  elseif form == 1 then
    local length
    length, at = prefixed(tvb, at, to, 4, head)
    if length == nil or length > 63 or at + length + 1 > to then return nil end
    if length == 0 then attribute.id = tvb(at, 1):uint() end
    attribute.note = " (key added)"
    at = at + length + 1
  else
    attribute.key = head % 32
  end
  if how == 3 or at >= to then return nil end
  if how == 2 then
    local index
    index, at = prefixed(tvb, at + 1, to, 8, tvb(at, 1):uint())
    if index == nil then return nil end
    attribute.value = { kind = "reference", text = "reference " .. index, from = attribute.from, to = at }
  else
    attribute.value, at = packed_literal(tvb, at, to, depth)
    if attribute.value == nil then return nil end
    if how == 1 then attribute.note = attribute.note .. " (value added)" end
  end
  return attribute, at
end

-- A number of the packed encoding, which has no width of its own, as the field that it is. Returns its short text.
local function add_number(tree, row, range, value, note)
  local field, item, text = pf[row.filter], nil, tostring(value)
  if row.time then
    local time = time_from(value, row.unit)
    item, text = tree:add(field, range, time), format_date(time:tonumber())
  elseif row.width == 8 then
    item = tree:add(field, range, value)
  else
    local number = value:tonumber()
    item, text = tree:add(field, range, number), row.names and row.names[number] or text
    if row.unit and not row.flags then item:append_text(" " .. row.unit) end
    for _, flag in ipairs(row.flags or {}) do tree:add(pf[row.filter .. "." .. bit_name(flag[1])], range, number):set_hidden() end
    if row.role == "id" then tree:add(pf.id, range, number):set_hidden() end
    if row.role == "status" then tree:add(pf.status, range, number):set_hidden() end
  end
  if note ~= "" then item:append_text(note) end
  return text
end

local function fits(row, value)
  return row.width == 8 or value.uint < UInt64(0, 1)
end

local function add_packed(tree, command, dir, tvb, at, to, pinfo, info)
  while at < to do
    local attribute, after = packed_attribute(tvb, at, to, 0)
    if attribute == nil then
      tree:add(pf.rest, tvb(at, to - at)):add_proto_expert_info(expert.overrun)
      return
    end
    local value = attribute.value
    local row = command and attribute.id and (command.fields[dir][attribute.id] or command.fields[1 - dir][attribute.id])
    if row and row.kind ~= "uint" and value.to > value.from and (value.kind == "data" or value.kind == "text") then
      local text = add_field(tree, row, tvb(value.from, value.to - value.from), pinfo)
      if row.role and text then info[#info + 1] = text end
    elseif row and row.kind == "uint" and value.uint and fits(row, value) then
      local text = add_number(tree, row, tvb(value.from, value.to - value.from), value.uint, attribute.note)
      if row.role then info[#info + 1] = text end
    else
      local name = row and row.label or attribute.id and "Field " .. attribute.id or "Key reference " .. attribute.key
      local text = value.text
      if text == nil then text = value.kind == "text" and tvb:raw(value.from, value.to - value.from) or (value.to - value.from) .. " bytes" end
      if row and row.names and row.names[tonumber(text)] then text = row.names[tonumber(text)] .. " (" .. text .. ")" end
      if row and row.role and value.kind == "int" then info[#info + 1] = text end
      tree:add(apns, tvb(attribute.from, after - attribute.from), name .. ": " .. text .. attribute.note)
    end
    at = after
  end
end

-- Dialects ---------------------------------------------------------------------------------------------------------

local function find(dialect, number, dir)
  local rows = commands[dialect == "courier-packed" and "courier" or dialect][number]
  if rows == nil then return nil end
  for _, command in ipairs(rows) do
    if command.direction == 2 or command.direction == dir then return command end
  end
  return nil
end

-- Each measure answers the frame's length, nil when more bytes are needed to tell, or 0 when no frame can begin here.
local measure = {}

function measure.courier(tvb, at, size)
  if size - at < 5 then return nil end
  local length = tvb(at + 1, 4):uint()
  return length > MAX_BODY and 0 or 5 + length
end

measure["courier-packed"] = function(tvb, at, size)
  if size - at < 2 then return nil end
  local length, from = prefixed(tvb, at + 2, size, 8, tvb(at + 1, 1):uint())
  if length == nil then return size - at > 5 and 0 or nil end
  return length > MAX_PACKED and 0 or from - at + length
end

local function measure_layouts(command, tvb, at, size)
  local waits = false
  for _, layout in ipairs(command.layouts) do
    local length = walk_layout(layout, tvb, at + 1, size, #command.layouts > 1)
    if length == nil then waits = true elseif length > 0 or #layout == 0 then return 1 + length end
  end
  return not waits and 0 or nil
end

function measure.gateway(tvb, at, size, dir)
  local number = tvb(at, 1):uint()
  local command = find("gateway", number, dir)
  if command == nil then return 0 end
  if command.layouts then return measure_layouts(command, tvb, at, size) end
  return measure.courier(tvb, at, size)
end

measure["courier-ios4"] = function(tvb, at, size, dir)
  local command = find("courier-ios4", tvb(at, 1):uint(), dir)
  if command == nil then return 0 end
  return measure_layouts(command, tvb, at, size)
end

function measure.feedback(tvb, at, size, dir)
  if dir == 0 then return 0 end
  if size - at < 6 then return nil end
  local token = tvb(at + 4, 2):uint()
  return token > MAX_TOKEN and 0 or 6 + token
end

local function show(dialect, tvb, at, length, dir, pinfo, tree, heads)
  local number = dialect == "feedback" and 0 or tvb(at, 1):uint()
  local command = find(dialect, number, dir) or find(dialect, number, 1 - dir)
  local label = command and command.label or string.format("Unknown %02x", number)
  local sub = tree:add(apns, tvb(at, length), "Apple Push Notification service, " .. label)
  local info = {}
  sub:add(pf.dialect, dialect):set_generated()
  sub:add(pf.direction, DIRECTION_NAMES[dir]):set_generated()
  sub:add(pf.command, command and command.name or "unknown"):set_generated()
  if dialect ~= "feedback" then sub:add(pf.number, tvb(at, 1)):append_text(" (" .. label .. ")") end
  if command == nil then sub:add_proto_expert_info(expert.command) end
  if command and command.layouts then
    add_layout(sub, command, dir, tvb, at + (dialect == "feedback" and 0 or 1), at + length, pinfo, info)
  elseif dialect == "courier-packed" then
    local _, from = prefixed(tvb, at + 2, at + length, 8, tvb(at + 1, 1):uint())
    add_packed(sub, command, dir, tvb, from, at + length, pinfo, info)
  else
    sub:add(pf.length, tvb(at + 1, 4))
    add_items(sub, command, dir, tvb, at + 5, at + length, pinfo, info)
  end
  heads[#heads + 1] = label .. (#info > 0 and " " .. table.concat(info, " ") or "")
end

-- Recognition ------------------------------------------------------------------------------------------------------

local function plausible_courier(tvb, dir, size)
  if size < 5 then return false end
  local command = find("courier", tvb(0, 1):uint(), dir)
  local length = tvb(1, 4):uint()
  if command == nil or length > MAX_BODY then return false end
  if length == 0 then return true end
  if size < 8 then return false end
  local row = command.fields[dir][tvb(5, 1):uint()]
  local first = tvb(6, 2):uint()
  return row ~= nil and first + 3 <= length
end

-- The first frame is a known command whose attributes fill it.
local function plausible_packed(tvb, dir, size)
  if size < 2 then return false end
  local number = tvb(0, 1):uint()
  local length = measure["courier-packed"](tvb, 0, size)
  if number < 7 or find("courier", number, dir) == nil or length == nil or length == 0 or length > size then return false end
  local _, at = prefixed(tvb, 2, size, 8, tvb(1, 1):uint())
  while at < length do
    local attribute, after = packed_attribute(tvb, at, length, 0)
    if attribute == nil then return false end
    at = after
  end
  return true
end

-- Without a common length only the fixed numbers tell: token and topic lengths, zero bytes, text.
local function plausible_ios4(tvb, dir, size)
  local number = tvb(0, 1):uint()
  local length = measure["courier-ios4"](tvb, 0, size, dir)
  if length == nil or length == 0 or length > size then return false end
  if number == 0 then
    if length ~= 35 and length ~= 37 then return false end
    if size == length then return true end
    -- A notification of the gateway goes on with the length of its payload.
    return size >= length + 9 and tvb(length, 1):uint() == 2 and tvb(length + 5, 4):uint() == 20
  end
  if number == 1 then return tvb(1, 1):uint() == 0 and (length == 6 or length == 38) end
  if number == 2 then return tvb(5, 4):uint() == 20 end
  if number == 3 then return tvb(1, 4):uint() == 20 and length > 29 end
  if number == 5 then return length > 5 and tvb(5, 1):uint() >= 0x20 and tvb(5, 1):uint() < 0x7f end
  return size == length and (number ~= 4 or tvb(1, 3):uint() == 0)
end

local function plausible_gateway(tvb, dir, size)
  local number = tvb(0, 1):uint()
  if dir == 1 then return size == 6 and number == 8 end
  if number == 2 then return size >= 8 and tvb(1, 4):uint() <= 0xffff and tvb(5, 1):uint() >= 1 and tvb(5, 1):uint() <= 5 end
  local at = number == 0 and 1 or number == 1 and 9 or nil
  return at ~= nil and size >= at + 2 and tvb(at, 2):uint() > 0 and tvb(at, 2):uint() <= MAX_TOKEN
end

local function plausible_feedback(tvb, dir, size)
  if dir == 0 or size < 6 then return false end
  local seconds, token = tvb(0, 4):uint(), tvb(4, 2):uint()
  return seconds > 1240000000 and seconds < 2147483647 and token > 0 and token <= MAX_TOKEN
end

-- The server's side: by a port of the service, else the lower port.
local function direction_of(pinfo)
  if SERVER_PORTS[pinfo.dst_port] then return 0 end
  if SERVER_PORTS[pinfo.src_port] then return 1 end
  return pinfo.dst_port < pinfo.src_port and 0 or 1
end

-- Dialect and direction of a conversation, remembered by its frames: a later packet need not be recognisable alone.
local known = {}

local function key_of(pinfo)
  local a = tostring(pinfo.src) .. ":" .. pinfo.src_port
  local b = tostring(pinfo.dst) .. ":" .. pinfo.dst_port
  return a < b and a .. "-" .. b or b .. "-" .. a, a
end

local function recognise(tvb, pinfo, strict)
  local key, from = key_of(pinfo)
  local remembered = known[key]
  if remembered then return remembered.dialect, remembered.client == from and 0 or 1 end
  local size = tvb:len()
  local dir = direction_of(pinfo)
  local found, role
  for _, way in ipairs(strict and { dir } or { dir, 1 - dir }) do
    if plausible_ios4(tvb, way, size) then
      found, role = "courier-ios4", way
    elseif plausible_gateway(tvb, way, size) then
      found, role = "gateway", way
    elseif plausible_courier(tvb, way, size) then
      found, role = "courier", way
    elseif plausible_feedback(tvb, way, size) then
      found, role = "feedback", way
    elseif plausible_packed(tvb, way, size) then
      found, role = "courier-packed", way
    end
    if found then break end
  end
  if found then
    local to = tostring(pinfo.dst) .. ":" .. pinfo.dst_port
    known[key] = { dialect = found, client = role == 0 and from or to }
  end
  return found, role
end

function apns.init()
  known = {}
end

local function dissect(tvb, pinfo, tree, dialect, dir)
  local size = tvb:len()
  local at = 0
  local heads = {}
  pinfo.cols.protocol = "APNs"
  while at < size do
    local length = measure[dialect](tvb, at, size, dir)
    if length == 0 then
      tree:add(apns, tvb(at)):add(pf.rest, tvb(at)):add_proto_expert_info(expert.overrun)
      at = size
    elseif length == nil or at + length > size then
      if pinfo.can_desegment and pinfo.can_desegment > 0 then
        pinfo.desegment_offset = at
        pinfo.desegment_len = length and at + length - size or DESEGMENT_ONE_MORE_SEGMENT
        break
      end
      tree:add(apns, tvb(at)):add(pf.rest, tvb(at))
      at = size
    else
      show(dialect, tvb, at, length, dir, pinfo, tree, heads)
      at = at + length
    end
  end
  if #heads > 0 then
    pinfo.cols.info:set(table.concat(heads, "; "))
    pinfo.cols.info:fence()
  end
  return size
end

function apns.dissector(tvb, pinfo, tree)
  if tvb:len() == 0 or tvb:captured_len() < tvb:reported_len() then return 0 end
  local dialect, dir = recognise(tvb, pinfo, false)
  if dialect == nil then return 0 end
  return dissect(tvb, pinfo, tree, dialect, dir)
end

-- Stricter than on the known ports: only what is surely a frame of the courier or a notification with a 32-byte token.
local function heuristic(tvb, pinfo, tree)
  if tvb:len() == 0 or tvb:captured_len() < tvb:reported_len() then return false end
  if not known[key_of(pinfo)] then
    if tvb:len() < 8 then return false end
    local number = tvb(0, 1):uint()
    local certain = (number == 0 and (tvb(1, 2):uint() == 32 or tvb(1, 4):uint() == 32))
      or (number == 3 and tvb(1, 4):uint() == 20 and tvb:len() > 29)
      or (number == 2 and tvb(1, 4):uint() < 0x10000 and tvb(5, 1):uint() == 1 and tvb(6, 2):uint() == 32)
      or (number >= 7 and number <= 0x22 and tvb(1, 4):uint() < 0x10000 and tvb(1, 4):uint() > 0 and tvb:len() == 5 + tvb(1, 4):uint())
    if not certain then return false end
  end
  local dialect, dir = recognise(tvb, pinfo, false)
  if dialect == nil then return false end
  dissect(tvb, pinfo, tree, dialect, dir)
  return true
end

for _, port in ipairs({ 5223, 2195, 2196 }) do
  DissectorTable.get("tcp.port"):add(port, apns)
  pcall(function() DissectorTable.get("tls.port"):add(port, apns) end)
end
for _, protocol in ipairs({ "apns-security-v2", "apns-security-v3", "apns-pack-v1" }) do
  pcall(function() DissectorTable.get("tls.alpn"):add(protocol, apns) end)
end
apns:register_heuristic("tcp", heuristic)
pcall(function() apns:register_heuristic("tls", heuristic) end)
