# Connections and channels.

scenario('connect') do
  connection = connect
  equal(connection.server_properties['product'], 'RabbitMQ', 'product')
  contains(connection.server_properties['version'], '4.')
  connection.create_channel.close
  connection.close
end

scenario('connect-refused') do
  begin
    connect("amqp://#{USER}:wrong@#{ADDRESS}/%2F")
    raise 'connected'
  rescue Bunny::AuthenticationFailureError => e
    contains(e.message, 'Authentication with RabbitMQ failed') # a text of its own
  end
  begin
    connect("amqp://#{LOGIN}@#{ADDRESS}/no-such-vhost")
    raise 'connected'
  rescue Bunny::NotAllowedError => e
    contains(e.message, 'NOT_ALLOWED - vhost no-such-vhost not found')
  end
end

scenario('connect-uri') do
  [URI_, "#{URI_}?heartbeat=7", "amqp://#{LOGIN}@#{ADDRESS}"].each do |uri|
    with_channel(uri, &:queue)
  end
end

scenario('heartbeat') do
  with_channel("#{URI_}?heartbeat=1") do |ch|
    sleep 3.5
    ch.queue
  end
end

# The library recovers the connection, an exclusive queue and its consumer.
scenario('reconnect') do
  connection = connect(RELAY_URI)
  ch = Channel.new(connection)
  held = fresh
  ch.raw.queue_declare(held, durable: true)
  ch.send_to('', held, 'held')
  ch.hold(held, 1)
  recovered = false
  connection.after_recovery_completed { recovered = true }
  cut
  wait_for('the recovery', 20) { recovered }
  ch.ready(held, 1)
  ch.holds(held, 'held!')
  ch.raw.queue_delete(held)
  connection.close
end

scenario('publish-missing') do
  with_channel do |ch|
    name = fresh('x')
    ch.refused(404, "NOT_FOUND - no exchange '#{name}' in vhost '/'") do |own|
      own.send_to(name, 'key', 'lost')
    end
  end
end

scenario('ack-unknown') do
  with_channel do |ch|
    ch.refused(406, 'PRECONDITION_FAILED - unknown delivery tag 99') do |own|
      own.raw.basic_ack(99, false)
    end
  end
end

scenario('access-refused') do
  with_channel do |ch|
    ch.refused(403, "ACCESS_REFUSED - exchange name 'amq.mine'") do |own|
      own.raw.exchange_declare('amq.mine', 'direct')
    end
    name = ch.queue
    ch.refused(403, 'ACCESS_REFUSED - operation not permitted') do |own|
      own.raw.queue_bind(name, '', routing_key: 'key')
    end
  end
end

scenario('bind-missing') do
  with_channel do |ch|
    name, missing = ch.queue, fresh('x')
    ch.refused(404, "NOT_FOUND - no exchange '#{missing}' in vhost '/'") do |own|
      own.raw.queue_bind(name, missing, routing_key: 'key')
    end
  end
end
