using System;
using System.Collections.Generic;

static class Harness
{
    static void Main()
    {
        string input = Console.In.ReadToEnd();
        foreach (string block in input.Split(new[] { "\n\n" }, StringSplitOptions.None))
        {
            string[] lines = block.Split('\n');
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            for (int at = 2; at < lines.Length; at++)
            {
                string[] parts = lines[at].Split(new[] { ": " }, 2, StringSplitOptions.None);
                headers[parts[0]] = parts[1];
            }
            Func<string, string> header = name => headers.TryGetValue(name, out string value) ? value : null;
            var snippet = Type.GetType("Snippet" + lines[0] + ".WebhookSignature").GetMethod("IsGenuine");
            bool isGenuine = (bool)snippet.Invoke(null, new object[] { header, Convert.FromBase64String(lines[1]) });
            Console.WriteLine(isGenuine ? "true" : "false");
        }
    }
}
