<?php

foreach (glob(__DIR__ . '/snippet*.php') as $file) {
    require $file;
}

foreach (explode("\n\n", stream_get_contents(STDIN)) as $block) {
    $lines = explode("\n", $block);
    $number = array_shift($lines);
    $body = base64_decode(array_shift($lines));
    $headers = [];
    foreach ($lines as $line) {
        [$name, $value] = explode(': ', $line, 2);
        $headers[$name] = $value;
    }
    echo "Snippet$number\\is_genuine"($headers, $body) ? 'true' : 'false', "\n";
}
