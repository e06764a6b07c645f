import type { Messages } from "../index";
import { pluralOf } from "../plural";

const plural = pluralOf("tr");

const kitchen: Messages["kitchen"] = {
  chooseStation: "Bu ekran hangi istasyon için?",
  unknownStation: "Böyle bir istasyon yok. Başka birini seçin.",
  noStations: "Henüz istasyon tanımlanmadı",
  allStations: "Tüm istasyonlar",
  stations: "İstasyon seç",
  commentComing: "Misafirin yazdığı henüz gelmedi",
  readOn: "Devamını oku",
  station: "İstasyon",
  channel: "Kanal",
  came: "Geldi",
  tickets: "Fişler",
  open: (count: number) => plural(count, { other: "Hazırlanacak # sipariş" }),
  late: (count: number) => plural(count, { other: "# gecikti" }),
  nothingToDo: "Şu anda hazırlanacak bir şey yok",
  ticket: (number: string) => `Sipariş ${number}`,
  states: { NEW: "Yeni", STARTED: "Hazırlanıyor", READY: "Hazır", CANCELLED: "İptal edildi" },
  levels: { pressing: "Az kaldı", late: "Gecikti" },
  moves: { start: "Başla", ready: "Hazır", recall: "Geri al", dismiss: "Gördüm" },
  promised: (time: string) => `saat ${time}`,
  portion: (size: string) => `${size} porsiyon`,
  plain: "sade",
  allDay: "Toplam",
  fullScreen: "Tam ekran",
  leaveFullScreen: "Tam ekrandan çık",
  recentlyReady: "Hazır",
  recall: "Mutfağa geri al",
  more: (number: string) => `${number} numaralı sipariş hakkında`,
  reprint: "Fişi yeniden yazdır",
  reprinted: (number: string) => `${number} numaralı siparişin fişi yeniden yazdırılıyor`,
  previousPage: "Önceki sayfa",
  nextPage: "Sonraki sayfa",
  page: (page: number, pages: number) => `${page}/${pages}`,
  further: (count: number) => `+${count}`,
  asked: {
    start: (number: string) => `${number} numaralı siparişe başla`,
    ready: (number: string) => `${number} numaralı sipariş hazır`,
    recall: (number: string) => `${number} numaralı siparişi geri al`,
    dismiss: (number: string) => `İptal edilen ${number} numaralı sipariş görüldü`,
    reprint: (number: string) => `${number} numaralı siparişin fişini yeniden yazdır`,
    line: (number: string, name: string) => `Sipariş ${number}: ${name} hazır`,
  },
};

export default kitchen;
