# Brokers that stop, refuse or make wait.

# What is durable and confirmed outlives the broker; of three messages some are taken. The library
# recovers the connection and its channel.
def survive(word, taken)
  connection = connect(RELAY_URI)
  ch = Channel.new(connection)
  name, exchange = fresh, fresh('x')
  ch.raw.queue_declare(name, durable: true)
  ch.raw.exchange_declare(exchange, 'direct', durable: true)
  ch.raw.queue_bind(name, exchange, routing_key: 'key')
  ch.raw.confirm_select
  ch.send_to(exchange, 'key', 1, 2, 3, persistent: true)
  ch.send_to(exchange, 'key', 'transient', persistent: false)
  equal(ch.raw.wait_for_confirms, true, 'acks')
  taken.times { ch.get(name) }
  ch.hold(name, 1)
  recovered = false
  connection.after_recovery_completed { recovered = true }
  control(word)
  wait_for('the recovery', 20) { recovered }
  bodies = []
  while (message = ch.raw.basic_get(name)) && message.first
    bodies << message.last
  end
  equal(bodies, %w[1 2 3].drop(taken), 'messages')
  ch.send_to(exchange, 'key', 'after')
  ch.ready(name, 1)
  ch.holds(name, 'after')
  ch.raw.queue_delete(name)
  ch.raw.exchange_delete(exchange)
  connection.close
end

scenario('restart') { survive('restart', 1) }

scenario('kill') { survive('kill', 0) }

scenario('permissions') do
  text = lambda do |access, what, name|
    "ACCESS_REFUSED - #{access} access to #{what} '#{name}' in vhost '/' refused for user '#{USER}'"
  end
  with_channel do |ch|
    name = fresh('no-configure')
    ch.refused(403, text['configure', 'queue', name]) do |own|
      own.raw.queue_declare(name, exclusive: true)
    end
    name = fresh('no-write')
    ch.raw.exchange_declare(name, 'direct', auto_delete: true)
    ch.refused(403, text['write', 'exchange', name]) { |own| own.send_to(name, 'key', 'lost') }
    name = fresh('no-read')
    ch.raw.queue_declare(name, exclusive: true)
    ch.refused(403, text['read', 'queue', name]) { |own| own.raw.basic_get(name) }
  end
end

scenario('blocked') do
  with_channel do |ch|
    name, sent = ch.queue, 0
    connection = ch.raw.connection
    control('block')
    wait_for('connection.blocked') do
      ch.send_to('', name, sent)
      sent += 1
      sleep 0.05
      connection.blocked?
    end
    control('unblock')
    wait_for('connection.unblocked') { !connection.blocked? }
    ch.send_to('', name, sent)
    ch.ready(name, sent + 1)
  end
end
