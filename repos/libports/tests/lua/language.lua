-- SPDX-License-Identifier: MIT
-- What the language does: each line that is printed must be the same on the host.

-- closures, varargs, goto, integer and float arithmetic
local function counter() local n = 0 return function() n = n + 1 return n end end
local a, b = counter(), counter()
print(a(), a(), b(), select('#', nil, nil), select(-1, 1, 2, 3))
for i = 1, 3 do for j = 1, 3 do if j == 2 then goto continue end io.write(i * j, " ") ::continue:: end end print()
print(7 // 2, -7 // 2, 7 % -3, 7.5 // 2, 2^53, 1e15, 10 / 2, 3 | 4, 5 ~ 1, 1 << 62, math.maxinteger + 1 == math.mininteger)
print(0x7fffffffffffffff, 0x1p4, 1e308 * 10, -(0/0) ~= -(0/0), math.type(1), math.type(1.0), tostring(1e100))

-- strings and patterns
print(("%5d|%-5s|%05.1f|%x|%q|%g"):format(42, "ab", 3.14159, 255, "a\nb", 0.1))
print(("hello world"):gsub("o", "0"), ("abc"):rep(3, "-"), ("test123"):match("(%a+)(%d+)"))
for k, v in ("a=1, b=2, c=3"):gmatch("(%w+)=(%w+)") do io.write(k, v, ";") end print()
print(("x"):byte(), string.char(72, 105), ("AbC"):lower(), ("%d+"):len(), ("  trim  "):match("^%s*(.-)%s*$"))
print(string.pack("<i4z", 100, "str"):byte(1, -1)) print(string.unpack("<i4", "\1\2\3\4"))
print(utf8.char(228, 8364, 128512), utf8.len("äöü"), #"äöü") for p, c in utf8.codes("aé") do io.write(p, ":", c, " ") end print()

-- tables, sorting, metatables
local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t)
print(t[1], t[500], t[1000], #t, table.concat({1, 2, 3}, ","), table.unpack({4, 5, 6}))
local v = setmetatable({x = 1}, {__add = function(p, q) return p.x + q.x end, __index = function(_, k) return k .. "?" end,
	__call = function(_, y) return y * 2 end, __tostring = function() return "V" end, __close = function() io.write("closed ") end})
print(v + v, v.name, v(21), tostring(v), rawget(v, "name")) do local c <close> = v end print()
print(next({}), rawlen({1, 2}), table.remove({1, 2, 3}), #table.pack(1, nil, 3), table.move({1, 2, 3}, 2, 3, 1)[1])

-- coroutines and errors
local co = coroutine.wrap(function(x) for i = 1, 3 do x = coroutine.yield(x * i) end return "done" end)
print(co(1), co(2), co(3), co(4)) print(coroutine.isyieldable())
print(pcall(error, {code = 7}) == false, select(2, pcall(error, "message", 0)), (select(2, pcall(function() local x = nil; return x.y end)):gsub("^.*:%d+: ", "")))
print(select(2, xpcall(function() error("inner", 0) end, function(m) return "handled " .. m end)))
local function deep(n) if n == 0 then return 0 end return 1 + deep(n - 1) end
print(deep(10000), select(2, pcall(function() local function f() return f() + 1 end return f() end)):match("stack overflow"))
print(pcall(string.rep, "x", -1), select(2, load("x = = 1", "chunk")), load("return 6 * 7")())
local nested = "x" for i = 1, 150 do nested = "(" .. nested .. ")" end print(load("local x = 5 return " .. nested)())

-- C calling Lua calling C, deep: a pattern's function that calls gsub again
local function again(n) if n == 0 then return "end" end return (("x"):gsub("x", function() return again(n - 1) end)) end
print(again(100), select(2, pcall(again, 300)):match("C stack overflow"))

-- memory: garbage is collected
collectgarbage() local before = collectgarbage("count")
for i = 1, 200000 do local s = { i, tostring(i) } end
collectgarbage() print(collectgarbage("count") - before < 100)
local weak = setmetatable({ {} }, { __mode = "v" }) collectgarbage() print(weak[1])

-- mathematics
print(math.floor(-3.5), math.ceil(3.2), math.max(1, 5, 3), math.fmod(-7, 3), math.tointeger(3.0), math.ult(1, -1), math.abs(-4))
print(("%.12g %.12g %.12g %.12g"):format(math.sin(1), math.exp(2), math.log(10), math.pi), math.sqrt(2) == 2 ^ 0.5)
math.randomseed(42) print(math.random(1, 100), math.random(1, 100), math.random() < 1)

-- a program of some size: primes, and queens
local sieve, primes = {}, 0
for i = 2, 20000 do if not sieve[i] then primes = primes + 1 for j = i * i, 20000, i do sieve[j] = true end end end
local function queens(n, row, cols, d1, d2)
	if row > n then return 1 end
	local found = 0
	for c = 1, n do
		if not (cols[c] or d1[row + c] or d2[row - c]) then
			cols[c], d1[row + c], d2[row - c] = true, true, true
			found = found + queens(n, row + 1, cols, d1, d2)
			cols[c], d1[row + c], d2[row - c] = nil, nil, nil
		end
	end
	return found
end
print(primes, queens(7, 1, {}, {}, {}))
