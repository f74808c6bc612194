-- Wireshark dissector for Apple Push Notification traffic: the courier protocol (also of iOS 3 and 4), the provider's binary
-- gateway and the feedback service. Of the packed encoding (apns-pack-v1) frames, attributes and literals are shown; references
-- into the tables of the connection stand as their numbers. Load it with: tshark -X lua_script:apns.lua, or put it into the
-- personal plugin folder.
-- @generated

local apns = Proto("apns", "Apple Push Notification service")

-- Tables: commands[dialect][command] = { name, label, direction, fields = { [direction] = { [id] = field } }, layouts }.
-- A field is { key, label, kind, width, unit, names, flags }. Directions: 0 client to server, 1 server to client.
-- @tables

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
