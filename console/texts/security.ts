import { inEveryLanguage } from './texts.ts';

export const securityTexts = inEveryLanguage({
  en: {
    secret: 'Secret',
    secretIntro: 'Requests are signed with it. Your server checks by it that they come from us and were not changed.',
    key: 'Signature key',
    keyIntro: 'Requests are signed with it. All of your webhooks share it, each of them in this format.',
    reveal: 'Show',
    revealHint: 'That it was shown is on record.',
    hide: 'Hide',
    noSecret: 'This webhook has no secret: its requests are not signed. Make one, and they are from then on.',
    publicKey: 'Public key',
    publicKeyIntro:
      'Requests are signed with a private key that only we have. Your server checks by the public key that they come from us and were not changed.',
    readOnly: 'Your access is read-only, which shows no secrets.',
    previous: (time: string) => `The secret before it still signs, until ${time}. Change your server by then.`,
    rotate: 'Rotate',
    regenerate: 'Regenerate',
    rotateTitle: 'Make a new secret?',
    rotatePublicTitle: 'Make a new key pair?',
    regenerateTitle: 'Make a new key?',
    rotateDetail: 'Requests carry signatures of both secrets for as long as you say. Your server may check by either.',
    rotateNow:
      'The old one signs nothing from this moment on. Your server refuses requests until it knows the new one.',
    regenerateDetail:
      'The old key signs nothing from this moment on, for all of your webhooks. Your server refuses requests until it knows the new one.',
    overlap: 'The old secret signs for another',
    overlaps: { 0: 'No longer: it ends now', 3600: '1 hour', 86400: '1 day', 604800: '7 days' } as Record<
      number,
      string
    >,
    rotated: 'This is the new one. Give it to your server.',
    unsigned: 'Not signed',
    unsignedDetail:
      'This format does not sign requests. To know that they come from us, put a hard-to-guess part into the URL, or a header of your own into the settings.',
    code: 'Code to verify',
    codeIntro: (header: string) =>
      `It checks the header ${header} of each request, with nothing but the language's own library. The secret comes from the environment variable WEBHOOK_SECRET. Pass the body as it arrived: parsed and written again, its signature no longer fits.`,
    publicCodeIntro: (header: string) =>
      `It checks the header ${header} of each request by the public key (Ed25519), so your server keeps no secret. Set the environment variable WEBHOOK_PUBLIC_KEY to the public key, which begins with whpk_. Pass the body as it arrived: parsed and written again, its signature no longer fits.`,
    noLibrary: (language: string) =>
      `The library of ${language} has no Ed25519. Take the package NSec.Cryptography or BouncyCastle.Cryptography, and do what the code of the other languages does.`,
    language: 'Language',
    other: 'There is no code here for the way in which this format signs. Ask for the description of the format.',
  },
  de: {
    secret: 'Geheimnis',
    secretIntro:
      'Damit werden Anfragen signiert. Ihr Server prüft damit, dass sie von uns kommen und unverändert sind.',
    key: 'Signaturschlüssel',
    keyIntro: 'Damit werden Anfragen signiert. Alle Ihre Webhooks in diesem Format teilen ihn.',
    reveal: 'Zeigen',
    revealHint: 'Dass es gezeigt wurde, wird festgehalten.',
    hide: 'Verbergen',
    noSecret:
      'Dieser Webhook hat kein Geheimnis: Seine Anfragen sind nicht signiert. Erzeugen Sie eines, dann sind sie es von da an.',
    publicKey: 'Öffentlicher Schlüssel',
    publicKeyIntro:
      'Anfragen werden mit einem privaten Schlüssel signiert, den nur wir haben. Ihr Server prüft mit dem öffentlichen, dass sie von uns kommen und unverändert sind.',
    readOnly: 'Ihr Zugang erlaubt nur das Lesen und zeigt keine Geheimnisse.',
    previous: (time: string) => `Das vorige signiert noch, bis ${time}. Stellen Sie Ihren Server bis dahin um.`,
    rotate: 'Wechseln',
    regenerate: 'Neu erzeugen',
    rotateTitle: 'Ein neues Geheimnis erzeugen?',
    rotatePublicTitle: 'Ein neues Schlüsselpaar erzeugen?',
    regenerateTitle: 'Einen neuen Schlüssel erzeugen?',
    rotateDetail:
      'So lange, wie Sie sagen, tragen Anfragen Signaturen beider Geheimnisse. Ihr Server darf mit jedem prüfen.',
    rotateNow: 'Das alte signiert ab sofort nichts mehr. Ihr Server weist Anfragen ab, bis er das neue kennt.',
    regenerateDetail:
      'Der alte signiert ab sofort nichts mehr, bei allen Ihren Webhooks. Ihr Server weist Anfragen ab, bis er den neuen kennt.',
    overlap: 'Das alte Geheimnis signiert noch',
    overlaps: { 0: 'Nicht mehr: Es endet jetzt', 3600: '1 Stunde', 86400: '1 Tag', 604800: '7 Tage' } as Record<
      number,
      string
    >,
    rotated: 'Das ist das neue. Geben Sie es Ihrem Server.',
    unsigned: 'Nicht signiert',
    unsignedDetail:
      'Dieses Format signiert Anfragen nicht. Damit Sie erkennen, dass sie von uns kommen, nehmen Sie einen schwer zu erratenden Teil in die URL auf oder einen eigenen Header in die Einstellungen.',
    code: 'Code zum Prüfen',
    codeIntro: (header: string) =>
      `Er prüft den Header ${header} jeder Anfrage, allein mit der Bibliothek der Sprache. Das Geheimnis kommt aus der Umgebungsvariablen WEBHOOK_SECRET. Übergeben Sie den Inhalt, wie er ankam: Gelesen und neu geschrieben, passt die Signatur nicht mehr.`,
    publicCodeIntro: (header: string) =>
      `Er prüft den Header ${header} jeder Anfrage mit dem öffentlichen Schlüssel (Ed25519); Ihr Server bewahrt kein Geheimnis auf. Setzen Sie die Umgebungsvariable WEBHOOK_PUBLIC_KEY auf den öffentlichen Schlüssel, der mit whpk_ beginnt. Übergeben Sie den Inhalt, wie er ankam: Gelesen und neu geschrieben, passt die Signatur nicht mehr.`,
    noLibrary: (language: string) =>
      `Die Bibliothek von ${language} kennt Ed25519 nicht. Nehmen Sie das Paket NSec.Cryptography oder BouncyCastle.Cryptography und tun Sie, was der Code der anderen Sprachen tut.`,
    language: 'Sprache',
    other:
      'Für die Art, wie dieses Format signiert, gibt es hier keinen Code. Fragen Sie nach der Beschreibung des Formats.',
  },
});
