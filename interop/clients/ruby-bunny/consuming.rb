# Messages out, and how they are settled.

scenario('consume') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 1, 2, 3)
    inbox = Inbox.new(ch, q)
    ch.send_to('', q, 4, 5, 6)
    inbox.expect(1, 2, 3, 4, 5, 6)
    equal((0...6).map { |number| inbox.tag_of(number) }, [1, 2, 3, 4, 5, 6], 'tags')
    equal(inbox.redelivered, [false] * 6, 'redelivered')
    (1..6).each { |tag| ch.raw.basic_ack(tag, false) }
    ch.raw.basic_cancel(inbox.tag)
    ch.ready(q, 0)
  end
end

scenario('prefetch') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 0, 1, 2, 3, 4)
    ch.raw.basic_qos(2, false)
    inbox = Inbox.new(ch, q)
    inbox.expect(0, 1)
    ch.raw.basic_ack(inbox.tag_of(0), false)
    inbox.expect(0, 1, 2)
  end
end

scenario('cancel') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 'held')
    inbox = Inbox.new(ch, q)
    inbox.expect('held')
    ch.raw.basic_cancel(inbox.tag)
    ch.send_to('', q, 'late')
    ch.ready(q, 1)
    ch.raw.basic_ack(inbox.tag_of(0), false)
    ch.holds(q, 'late')
    inbox.expect('held')
  end
end

scenario('get') do
  with_channel do |ch|
    q = ch.queue
    ch.holds(q)
    ch.send_to('', q, 1, 2)
    equal(ch.get(q, manual_ack: true).first.message_count, 1, 'messages left')
    equal(ch.get(q).first.message_count, 0, 'messages left')
  end
end

scenario('ack-multiple') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 0, 1, 2, 3, 4)
    ch.ready(q, 5)
    own = ch.fork
    own.raw.basic_ack(own.hold(q, 5)[2], true)
    own.raw.close
    ch.ready(q, 2)
    ch.holds(q, '3!', '4!')
  end
end

scenario('reject') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 1, 2)
    [false, true].each { |requeue| ch.raw.basic_reject(ch.hold(q, 1)[0], requeue) }
    ch.holds(q, '2!')
  end
end

scenario('nack') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 1, 2, 3)
    ch.raw.basic_nack(ch.hold(q, 3)[2], true, true)
    ch.holds(q, '1!', '2!', '3!')
  end
end

scenario('requeue-order') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 1, 2, 3, 4)
    tags = ch.hold(q, 3)
    [1, 2, 0].each { |at| ch.raw.basic_nack(tags[at], false, true) }
    ch.holds(q, '1!', '2!', '3!', '4')
  end
end

scenario('recover') do
  with_channel do |ch|
    q = ch.queue
    ch.send_to('', q, 1, 2)
    inbox = Inbox.new(ch, q)
    inbox.expect(1, 2)
    ch.raw.basic_recover(true)
    inbox.expect(1, 2, 1, 2)
    equal(inbox.redelivered, [false, false, true, true], 'redelivered')
  end
end

scenario('single-active') do
  with_channel do |ch|
    q = ch.queue({ 'x-single-active-consumer' => true })
    one, two = Inbox.new(ch, q, no_ack: true), Inbox.new(ch, q, no_ack: true)
    ch.send_to('', q, 1)
    one.expect(1)
    ch.raw.basic_cancel(one.tag)
    ch.send_to('', q, 2)
    two.expect(2)
  end
end

scenario('consumer-priority') do
  with_channel do |ch|
    q = ch.queue
    low = Inbox.new(ch, q, arguments: { 'x-priority' => 0 })
    high = Inbox.new(ch, q, arguments: { 'x-priority' => 10 })
    ch.send_to('', q, 1, 2, 3)
    high.expect(1, 2, 3)
    low.expect
  end
end

scenario('exclusive-consumer') do
  with_channel do |ch|
    q = ch.queue
    Inbox.new(ch, q, exclusive: true)
    ch.refused(403, "ACCESS_REFUSED - queue '#{q}' in vhost '/' in exclusive use") do |own|
      Inbox.new(own, q)
    end
  end
end

scenario('server-cancel') do
  with_channel do |ch|
    q = ch.queue
    inbox = Inbox.new(ch, q)
    ch.fork.raw.queue_delete(q)
    wait_for('the cancel') { inbox.cancelled.any? }
    equal(inbox.cancelled, [inbox.tag], 'cancelled')
    ch.queue
  end
end
