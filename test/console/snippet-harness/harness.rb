Dir[File.join(__dir__, 'snippet*.rb')].each { |file| require file }

# Names fit in any case, as those of Rails do.
class Headers < Hash
  def [](name) = super(name.downcase)
end

$stdin.binmode.read.split("\n\n").each do |block|
  number, body, *lines = block.split("\n")
  headers = Headers.new
  lines.each do |line|
    name, value = line.split(': ', 2)
    # What a sender put there need not be text of the encoding that it is held for.
    headers.store(name, value.force_encoding('US-ASCII'))
  end
  puts Object.const_get("Snippet#{number}").genuine?(headers, body.unpack1('m'))
end
