# The protocol with the runner, and a few checks.

require 'securerandom'
require 'socket'
require 'timeout'

URI_ = ENV.fetch('AMQP_URI')
RELAY_URI = ENV.fetch('AMQP_RELAY_URI', URI_)
LOGIN, ADDRESS = URI_.delete_prefix('amqp://').split('/').first.split('@')
USER, PASSWORD = LOGIN.split(':')

SCENARIOS = {}

def scenario(id, &work)
  SCENARIOS[id] = work
end

def fresh(kind = 'q')
  "interop-#{kind}-#{SecureRandom.hex(6)}"
end

def equal(actual, expected, what = 'value')
  raise "#{what}: #{actual.inspect}, not #{expected.inspect}" unless actual == expected
end

def contains(text, part)
  raise "#{part.inspect} is not in #{text.inspect}" unless text.to_s.include?(part)
end

# Asks until the answer is true; gives the answer.
def wait_for(what, limit = 5)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + limit
  until (answer = yield)
    if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
      raise "#{what}: not within #{limit} s"
    end

    sleep 0.01
  end
  answer
end

# Cuts the connections that run through the relay.
def cut
  host, port = ENV.fetch('AMQP_CUT').split(':')
  TCPSocket.new(host, port.to_i).close
end

# Asks the runner for trouble with the broker, and waits until it is done.
def control(word)
  host, port = ENV.fetch('AMQP_CONTROL').split(':')
  door = TCPSocket.new(host, port.to_i)
  door.puts(word)
  equal(door.gets, "ok\n", word)
ensure
  door&.close
end

# Runs the scenarios named on the command line.
def main
  $stdout.sync = true
  ARGV.each do |id|
    begin
      work = SCENARIOS[id] || raise('this client has no such scenario')
      Timeout.timeout(50, &work)
      puts "ok #{id}"
    rescue StandardError => e
      warn e.full_message
      puts "fail #{id} #{e.class}: #{e.message.split.join(' ')}"
    end
  end
end
