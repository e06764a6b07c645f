import type { Messages } from "../index";
import { pluralOf } from "../plural";

const plural = pluralOf("az");

const kitchen: Messages["kitchen"] = {
  chooseStation: "Bu ekran hansı sex üçündür?",
  unknownStation: "Belə sex yoxdur. Başqasını seçin.",
  noStations: "Hələ heç bir sex qurulmayıb",
  allStations: "Bütün sexlər",
  stations: "Sex seçin",
  commentComing: "Qonağın yazdığı hələ gəlməyib",
  readOn: "Davamını oxu",
  station: "Sex",
  channel: "Kanal",
  came: "Gəldi",
  tickets: "Çeklər",
  open: (count: number) => plural(count, { other: "Hazırlanacaq: # sifariş" }),
  late: (count: number) => plural(count, { other: "# gecikir" }),
  nothingToDo: "Hazırda hazırlanacaq bir şey yoxdur",
  ticket: (number: string) => `Sifariş ${number}`,
  states: { NEW: "Yeni", STARTED: "Hazırlanır", READY: "Hazırdır", CANCELLED: "Ləğv edildi" },
  levels: { pressing: "Vaxtı yaxınlaşır", late: "Gecikir" },
  moves: { start: "Başla", ready: "Hazırdır", recall: "Geri qaytar", dismiss: "Gördüm" },
  promised: (time: string) => `saat ${time}`,
  portion: (size: string) => `${size} porsiya`,
  plain: "əlavəsiz",
  allDay: "Cəmi",
  fullScreen: "Tam ekran",
  leaveFullScreen: "Tam ekrandan çıx",
  recentlyReady: "Hazır",
  recall: "Mətbəxə qaytar",
  more: (number: string) => `${number} nömrəli sifariş haqqında`,
  reprint: "Çeki yenidən çap et",
  reprinted: (number: string) => `${number} nömrəli sifarişin çeki yenidən çap olunur`,
  previousPage: "Əvvəlki səhifə",
  nextPage: "Növbəti səhifə",
  page: (page: number, pages: number) => `${page}/${pages}`,
  further: (count: number) => `+${count}`,
  asked: {
    start: (number: string) => `${number} nömrəli sifarişə başla`,
    ready: (number: string) => `${number} nömrəli sifariş hazırdır`,
    recall: (number: string) => `${number} nömrəli sifarişi geri qaytar`,
    dismiss: (number: string) => `Ləğv edilmiş ${number} nömrəli sifariş görüldü`,
    reprint: (number: string) => `${number} nömrəli sifarişin çekini yenidən çap et`,
    line: (number: string, name: string) => `Sifariş ${number}: ${name} hazırdır`,
  },
};

export default kitchen;
