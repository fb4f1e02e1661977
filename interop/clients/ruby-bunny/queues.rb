# What queues do by their arguments.

def dead_letters_to(key)
  { 'x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => key }
end

# Queue, reason and count of each entry of x-death.
def deaths(headers)
  headers['x-death'].map { |death| death.values_at('queue', 'reason', 'count') }
end

def typed(channel, kind)
  channel.raw.queue_declare(fresh, durable: true, arguments: { 'x-queue-type' => kind }).queue
end

scenario('priority') do
  with_channel do |ch|
    q = ch.queue({ 'x-max-priority' => 5 })
    [1, 9, 0, 5, 3].each { |priority| ch.send_to('', q, priority, priority: priority) }
    ch.holds(q, '9', '5', '3', '1', '0')
  end
end

scenario('ttl-message') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 'short', expiration: '200')
    ch.ready(q, 1)
    ch.ready(q, 0)
  end
end

scenario('ttl-queue') do
  with_channel do |ch|
    q = ch.queue({ 'x-message-ttl' => 200 })
    ch.send_to('', q, 'short')
    ch.ready(q, 1)
    ch.ready(q, 0)
  end
end

scenario('dead-letter') do
  with_channel do |ch|
    third = ch.queue
    second = ch.queue(dead_letters_to(third))
    first = ch.queue(dead_letters_to(second).merge('x-message-ttl' => 100))
    ch.send_to('', first, 'dead')
    inbox = Inbox.new(ch, second)
    inbox.expect('dead')
    ch.raw.basic_reject(inbox.tag_of(0), false)
    ch.ready(third, 1)
    headers = ch.get(third)[1][:headers]
    equal(deaths(headers), [[second, 'rejected', 1], [first, 'expired', 1]], 'x-death')
    equal(headers['x-first-death-reason'], 'expired')
    equal(headers['x-last-death-queue'], second)
  end
end

scenario('max-length') do
  with_channel do |ch|
    dead = ch.queue
    q = ch.queue(dead_letters_to(dead).merge('x-max-length' => 2))
    ch.send_to('', q, 1, 2, 3)
    ch.ready(dead, 1)
    _, properties, body = ch.get(dead)
    equal([body, deaths(properties[:headers])], ['1', [[q, 'maxlen', 1]]])
    ch.holds(q, '2', '3')
  end
end

scenario('quorum') do
  with_channel do |ch|
    q = typed(ch, 'quorum')
    ch.raw.confirm_select
    ch.send_to('', q, 'kept', delivery_mode: 2)
    equal(ch.raw.wait_for_confirms, true, 'confirmed')
    ch.raw.basic_nack(ch.hold(q, 1)[0], false, true)
    ch.ready(q, 1)
    info, properties, = ch.get(q)
    equal([info.redelivered, properties[:headers]['x-acquired-count']], [true, 1])
    ch.raw.queue_delete(q)
  end
end

scenario('stream') do
  with_channel do |ch|
    q = typed(ch, 'stream')
    ch.raw.confirm_select
    ch.send_to('', q, 1, 2, 3)
    equal(ch.raw.wait_for_confirms, true, 'confirmed')
    2.times do
      own = ch.fork
      own.raw.basic_qos(10, false)
      inbox = Inbox.new(own, q, arguments: { 'x-stream-offset' => 'first' })
      inbox.expect(1, 2, 3)
      equal(inbox.got.map { |_, p, _| p.headers['x-stream-offset'] }, [0, 1, 2], 'offsets')
      own.raw.close
    end
    ch.raw.queue_delete(q)
  end
end
