# Exchanges and bindings.

def bind(channel, queue, exchange, *keys)
  keys.each { |key| channel.raw.queue_bind(queue, exchange, routing_key: key) }
end

scenario('exchange-direct') do
  with_channel do |ch|
    x, q = ch.exchange('direct'), ch.queue
    bind(ch, q, x, 'red', 'green')
    %w[green blue red].each { |key| ch.send_to(x, key, key) }
    ch.holds(q, 'green', 'red')
  end
end

scenario('exchange-fanout') do
  with_channel do |ch|
    x, queues = ch.exchange('fanout'), [ch.queue, ch.queue]
    queues.each { |q| bind(ch, q, x, '') }
    ch.send_to(x, 'any', 'all')
    queues.each { |q| ch.holds(q, 'all') }
  end
end

scenario('exchange-topic') do
  with_channel do |ch|
    x, q = ch.exchange('topic'), ch.queue
    bind(ch, q, x, 'a.*.c', 'x.#')
    %w[a.b.c a.b.b.c x x.y.z y.x].each { |key| ch.send_to(x, key, key) }
    ch.holds(q, 'a.b.c', 'x', 'x.y.z')
  end
end

scenario('exchange-headers') do
  with_channel do |ch|
    x, every, some = ch.exchange('headers'), ch.queue, ch.queue
    { every => 'all', some => 'any' }.each do |q, match|
      ch.raw.queue_bind(q, x, arguments: { 'x-match' => match, 'a' => 1, 'b' => 'x' })
    end
    { 1 => { 'a' => 1, 'b' => 'x' }, 2 => { 'a' => 1 }, 3 => { 'c' => 1 } }.each do |body, headers|
      ch.send_to(x, '', body, headers: headers)
    end
    ch.holds(every, '1')
    ch.holds(some, '1', '2')
  end
end

scenario('exchange-binding') do
  with_channel do |ch|
    source, target, q = ch.exchange('direct'), fresh('x'), ch.queue
    ch.raw.exchange_declare(target, 'fanout')
    ch.raw.exchange_bind(source, target, routing_key: 'key')
    bind(ch, q, target, '')
    bind(ch, q, source, 'other')
    ch.send_to(source, 'key', 'first')
    ch.raw.exchange_unbind(source, target, routing_key: 'key')
    ch.send_to(source, 'key', 'second')
    ch.holds(q, 'first')
    ch.raw.exchange_delete(target)
  end
end

scenario('alternate-exchange') do
  with_channel do |ch|
    other, q = ch.exchange('fanout'), ch.queue
    bind(ch, q, other, '')
    x = ch.exchange('direct', { 'alternate-exchange' => other })
    ch.send_to(x, 'nowhere', 'lost')
    ch.holds(q, 'lost')
    ch.raw.exchange_delete(x)
  end
end

scenario('unbind') do
  with_channel do |ch|
    q = ch.queue
    bind(ch, q, 'amq.direct', q)
    ch.send_to('amq.direct', q, 1)
    2.times { ch.raw.queue_unbind(q, 'amq.direct', routing_key: q) }
    ch.send_to('amq.direct', q, 2)
    ch.holds(q, '1')
  end
end
