Dir[File.join(__dir__, 'snippet*.rb')].each { |file| require file }

# Names fit in any case, as those of Rails do.
class Headers < Hash
  def [](name) = super(name.downcase)
end

$stdin.read.split("\n\n").each do |block|
  number, body, *lines = block.split("\n")
  headers = Headers.new.merge!(lines.to_h { |line| line.split(': ', 2) })
  puts Object.const_get("Snippet#{number}").genuine?(headers, body.unpack1('m'))
end
