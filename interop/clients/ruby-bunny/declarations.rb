# Queues and exchanges come and go.

def passive(channel, name)
  channel.raw.queue_declare(name, passive: true)
end

scenario('declare') do
  with_channel do |ch|
    q, x = fresh, fresh('x')
    2.times { ch.raw.queue_declare(q, durable: true) }
    ch.send_to('', q, 1, 2, 3)
    ch.ready(q, 3)
    equal(ch.raw.queue_purge(q).message_count, 3, 'purged')
    2.times { equal(ch.raw.queue_delete(q).message_count, 0, 'deleted') }
    ch.raw.exchange_declare(x, 'direct', durable: true)
    ch.raw.exchange_declare(x, 'direct', passive: true)
    2.times { ch.raw.exchange_delete(x) }
  end
end

scenario('declare-passive') do
  with_channel do |ch|
    name = fresh
    ch.refused(404, "NOT_FOUND - no queue '#{name}' in vhost '/'") { |own| passive(own, name) }
    ch.refused(404, "NOT_FOUND - no exchange '#{name}' in vhost '/'") do |own|
      own.raw.exchange_declare(name, 'direct', passive: true)
    end
  end
end

scenario('declare-inequivalent') do
  with_channel do |ch|
    q = ch.queue
    text = "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '#{q}' in vhost '/': " \
           "received 'true' but current is 'false'"
    ch.refused(406, text) do |own|
      own.raw.queue_declare(q, exclusive: true, auto_delete: true)
    end
    x = ch.exchange('direct')
    ch.refused(406, "inequivalent arg 'type' for exchange '#{x}'") do |own|
      own.raw.exchange_declare(x, 'fanout', auto_delete: true)
    end
    ch.raw.exchange_delete(x)
  end
end

scenario('declare-arguments') do
  wrong = { 'x-message-ttl' => -1, 'x-max-priority' => 256, 'x-expires' => 0,
            'x-overflow' => 'nonsense' }
  with_channel do |ch|
    wrong.each do |key, value|
      ch.refused(406, "PRECONDITION_FAILED - invalid arg '#{key}'") do |own|
        own.queue({ key => value })
      end
    end
  end
end

scenario('server-named') do
  with_channel do |ch|
    name = ch.raw.queue_declare('', exclusive: true).queue
    equal(name.start_with?('amq.gen-'), true, name)
    ch.send_to('', name, 'hello')
    ch.holds(name, 'hello')
  end
end

scenario('auto-delete') do
  with_channel do |ch|
    q = fresh
    ch.raw.queue_declare(q, durable: true, auto_delete: true)
    ch.raw.basic_cancel(Inbox.new(ch, q).tag)
    ch.refused(404, q) { |own| passive(own, q) }
  end
end

scenario('delete-conditions') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 1)
    ch.ready(q, 1)
    ch.refused(406, 'not empty') { |own| own.raw.queue_delete(q, if_empty: true) }
    Inbox.new(ch, q)
    ch.refused(406, 'in use') { |own| own.raw.queue_delete(q, if_unused: true) }
    passive(ch, q)
  end
end

scenario('exclusive-queue') do
  with_channel do |other|
    q = nil
    with_channel do |ch|
      q = ch.queue
      other.refused(405, "locked queue '#{q}'") { |own| passive(own, q) }
    end
    other.refused(404, q) { |own| passive(own, q) }
  end
end

scenario('queue-expires') do
  with_channel do |ch|
    q = ch.queue({ 'x-expires' => 300 })
    sleep 1 # a passive declare would renew the lease
    ch.refused(404, q) { |own| passive(own, q) }
  end
end
