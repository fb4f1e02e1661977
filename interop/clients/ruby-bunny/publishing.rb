# Messages in, and what the publisher hears.

NOON = Time.at(1_700_000_000)
DIRECT_REPLY = 'amq.rabbitmq.reply-to'.freeze
BIG = ((0..255).to_a.pack('C*') * 65_536).freeze

scenario('properties') do
  with_channel do |ch|
    q = ch.queue
    bind(ch, q, 'amq.topic', q)
    sent = {
      content_type: 'text/plain', content_encoding: 'utf-8', headers: { 'k' => 'v' },
      delivery_mode: 2, priority: 7, correlation_id: 'c-1', reply_to: 'answers',
      expiration: '60000', message_id: 'm-1', timestamp: NOON.to_i, type: 'kind', user_id: USER,
      app_id: 'app', cluster_id: 'cluster'
    }
    ch.send_to('amq.topic', q, 'body', **sent)
    info, received, = ch.get(q)
    equal(received.slice(*sent.keys), sent.merge(timestamp: NOON), 'properties')
    equal([info.exchange, info.routing_key], ['amq.topic', q])
  end
end

scenario('headers') do
  with_channel do |ch|
    sent = {
      'text' => 'grüße', 'yes' => true, 'no' => false, 'int' => -5, 'long' => 2**40,
      'double' => 2.25, 'when' => NOON, 'none' => nil, 'list' => [1, 'two', { 'three' => 3 }],
      'table' => { 'inner' => { 'deep' => [1, 'x'] } }, 'empty' => {}
    }
    q = ch.queue
    ch.send_to('', q, 'body', headers: sent)
    received = ch.get(q)[1][:headers]
    received['text'] = received['text'].dup.force_encoding('UTF-8')
    equal(received, sent, 'headers')
  end
end

scenario('bodies') do
  with_channel do |ch|
    q = ch.queue
    [0, 1, 131_064, 131_065, BIG.size].each do |size|
      ch.send_to('', q, BIG[0, size])
      equal(ch.get(q)[2] == BIG[0, size], true, "#{size} bytes come back")
    end
  end
end

scenario('confirm') do
  with_channel do |ch|
    q = ch.queue
    ch.raw.confirm_select
    ch.send_to('', q, *(0...200), delivery_mode: 2)
    ch.send_to('', fresh, 'lost')
    equal(ch.raw.wait_for_confirms, true, 'confirmed')
    ch.ready(q, 200)
  end
end

scenario('confirm-nack') do
  with_channel do |ch|
    q = ch.queue({ 'x-max-length' => 1, 'x-overflow' => 'reject-publish' })
    ch.raw.confirm_select
    ch.send_to('', q, 1, 2, 3)
    equal(ch.raw.wait_for_confirms, false, 'confirmed')
  end
end

scenario('mandatory') do
  with_channel do |ch|
    told = Queue.new
    ch.raw.default_exchange.on_return do |info, properties, body|
      told << [info.reply_code, info.reply_text, body, properties.message_id]
    end
    ch.raw.confirm_select(->(_, _, nack) { told << (nack ? 'nack' : 'ack') })
    ch.send_to('', fresh, 'lost', mandatory: true, message_id: 'm')
    equal(told.pop, [312, 'NO_ROUTE', 'lost', 'm'], 'first')
    equal(told.pop, 'ack', 'second')
  end
end

scenario('tx') do
  with_channel do |ch|
    q = ch.queue
    ch.raw.tx_select
    ch.send_to('', q, 'undone')
    ch.raw.tx_rollback
    ch.send_to('', q, 'done')
    ch.ready(q, 0)
    ch.raw.tx_commit
    ch.holds(q, 'done')
  end
end

scenario('rpc') do
  with_channel do |ch|
    q = ch.queue
    answers = Inbox.new(ch, DIRECT_REPLY, no_ack: true)
    ch.send_to('', q, 20, reply_to: DIRECT_REPLY, correlation_id: 'call-1')
    _, request, body = ch.get(q)
    equal(request[:reply_to].start_with?("#{DIRECT_REPLY}."), true, request[:reply_to])
    ch.send_to('', request[:reply_to], body.to_i + 1, correlation_id: request[:correlation_id])
    answers.expect(21)
    equal(answers.got[0][1].correlation_id, 'call-1')
  end
end
