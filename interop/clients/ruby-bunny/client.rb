# bunny.

require 'bunny'
require 'logger'

require_relative 'harness'

QUIET = { logger: Logger.new(IO::NULL), network_recovery_interval: 0.1 }.freeze

def connect(uri = URI_, **options)
  Bunny.new(uri, **QUIET, **options).start
end

# Yields a channel on a connection of its own.
def with_channel(uri = URI_)
  connection = connect(uri)
  begin
    yield Channel.new(connection)
  ensure
    connection.close
  end
end

# A consumer that keeps what it gets.
class Inbox
  attr_reader :got, :tag, :cancelled

  def initialize(channel, queue, no_ack: false, exclusive: false, arguments: {})
    @channel, @got, @cancelled = channel, [], []
    consumer = Bunny::Consumer.new(channel.raw, queue, fresh('c'), no_ack, exclusive, arguments)
    consumer.on_delivery { |*message| @got << message }
    consumer.on_cancellation { |cancel| @cancelled << cancel.consumer_tag }
    channel.raw.basic_consume_with(consumer)
    @tag = consumer.consumer_tag
  end

  # Waits for these bodies, all that were ever delivered.
  def expect(*bodies)
    wait_for("#{bodies.size} deliveries") { @got.size >= bodies.size }
    @channel.raw.basic_qos(0, false) # what was on its way has arrived after a round trip
    equal(@got.map(&:last), bodies.map(&:to_s), 'deliveries')
  end

  def tag_of(number)
    @got[number].first.delivery_tag.to_i
  end

  def redelivered
    @got.map { |info, _, _| info.redelivered? }
  end
end

# A channel, and what scenarios do with it.
class Channel
  attr_reader :raw, :closed

  def initialize(connection)
    @raw = connection.create_channel
    @raw.on_error { |_, close| @closed = close }
  end

  # Why a channel was closed after a publish: the library keeps it for the next call.
  def last_error
    @raw.instance_variable_get(:@last_channel_error)
  end

  def fork
    Channel.new(@raw.connection)
  end

  # An exclusive queue with these arguments.
  def queue(arguments = {})
    @raw.queue_declare(fresh, exclusive: true, arguments: arguments).queue
  end

  def exchange(kind, arguments = {})
    name = fresh('x')
    @raw.exchange_declare(name, kind, auto_delete: true, arguments: arguments)
    name
  end

  def send_to(exchange, key, *bodies, **properties)
    # the library marks messages persistent and binary unless told otherwise
    bodies.each { |body| @raw.basic_publish(body.to_s, exchange, key, properties) }
  end

  # The next message; it must be there.
  def get(name, manual_ack: false)
    message = @raw.basic_get(name, manual_ack: manual_ack)
    raise "#{name} is empty" unless message.first

    message
  end

  # Takes messages without ack; gives their tags.
  def hold(name, count)
    Array.new(count) { get(name, manual_ack: true).first.delivery_tag.to_i }
  end

  # Expects these messages, each a body with ! behind it if redelivered, and no more.
  def holds(name, *expected)
    shown = []
    while (info, _, body = @raw.basic_get(name)) && info
      shown << body + (info.redelivered ? '!' : '')
    end
    equal(shown, expected, name)
  end

  # The queue has that many messages, or will have them soon.
  def ready(name, count)
    wait_for("#{count} messages") do
      @raw.queue_declare(name, passive: true).message_count == count
    end
  end

  # Expects the broker to close the channel that the block is given, and nothing else.
  def refused(code, text)
    own = fork
    begin
      yield own
      wait_for('the close') { own.closed || own.last_error }
      close = own.closed || own.last_error.channel_close
    rescue Bunny::ChannelLevelException => e
      close = e.channel_close
    end
    equal(close.reply_code, code, 'reply code')
    contains(close.reply_text, text)
    fork.raw.close
  end
end

%w[connections trouble declarations routing publishing consuming queues].each do |part|
  require_relative part
end

main
