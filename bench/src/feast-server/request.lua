-- POSTs for random users of the benchmark's repository: USERS of them a request, features of SERVICE.
local users = tonumber(os.getenv("USERS"))
local service = os.getenv("SERVICE")
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"

function init()
  math.randomseed(os.time())
end

function request()
  local ids = {}
  for i = 1, users do
    ids[i] = math.random(0, 1999)
  end
  return wrk.format(nil, nil, nil, '{"feature_service":"' .. service .. '","entities":{"user_id":[' .. table.concat(ids, ",") .. "]}}")
end

-- Microseconds and counts, for whoever reads the last line.
function done(summary, latency)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format("\n%d %d %d %.1f %.1f\n", summary.requests, summary.duration, errors, latency:percentile(50), latency:percentile(99)))
end
