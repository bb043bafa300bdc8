import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

class Harness {
    public static void main(String[] arguments) throws Exception {
        String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        for (String block : input.split("\n\n")) {
            String[] lines = block.split("\n");
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            for (int at = 2; at < lines.length; at++) {
                String[] parts = lines[at].split(": ", 2);
                headers.put(parts[0], parts[1]);
            }
            UnaryOperator<String> header = headers::get;
            byte[] body = Base64.getDecoder().decode(lines[1]);
            Class<?> snippet = Class.forName("snippet" + lines[0] + ".WebhookSignature");
            System.out.println(snippet.getMethod("isGenuine", UnaryOperator.class, byte[].class).invoke(null, header, body));
        }
    }
}
