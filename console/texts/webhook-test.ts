import { inEveryLanguage } from './texts.ts';

export const webhookTestTexts = inEveryLanguage({
  en: {
    intro:
      'Sends one test event to this webhook, now. It stands among its deliveries, and is not sent again if it fails.',
    event: 'Event',
    eventHint: 'What is sent is its example.',
    usual: 'The usual test message',
    send: 'Send test event',
    sending: 'On its way to your server …',
    sent: (type: string) => `Sent: ${type}`,
    open: 'Open the delivery',
  },
  de: {
    intro:
      'Schickt jetzt ein Testereignis an diesen Webhook. Es steht unter seinen Zustellungen und wird nicht wiederholt, wenn es fehlschlägt.',
    event: 'Ereignis',
    eventHint: 'Gesendet wird sein Beispiel.',
    usual: 'Die übliche Testnachricht',
    send: 'Testereignis senden',
    sending: 'Auf dem Weg zu Ihrem Server …',
    sent: (type: string) => `Gesendet: ${type}`,
    open: 'Zustellung öffnen',
  },
});
