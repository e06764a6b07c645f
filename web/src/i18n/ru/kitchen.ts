import type { Messages } from "../index";
import { pluralOf } from "../plural";

const plural = pluralOf("ru");

const kitchen: Messages["kitchen"] = {
  chooseStation: "Для какого цеха этот экран?",
  unknownStation: "Такого цеха нет. Выберите другой.",
  noStations: "Цеха ещё не заведены",
  allStations: "Все цеха",
  stations: "Выбрать цех",
  commentComing: "Комментарий гостя ещё загружается",
  readOn: "Читать дальше",
  station: "Цех",
  channel: "Канал",
  came: "Поступил",
  tickets: "Заказы кухни",
  open: (count: number) =>
    plural(count, { one: "# заказ готовить", few: "# заказа готовить", other: "# заказов готовить" }),
  late: (count: number) => plural(count, { one: "# опаздывает", other: "# опаздывают" }),
  nothingToDo: "Сейчас готовить нечего",
  ticket: (number: string) => `Заказ ${number}`,
  states: { NEW: "Новый", STARTED: "Готовится", READY: "Готов", CANCELLED: "Отменён" },
  levels: { pressing: "Скоро срок", late: "Опаздывает" },
  moves: { start: "Начать", ready: "Готово", recall: "Вернуть", dismiss: "Видел" },
  promised: (time: string) => `к ${time}`,
  portion: (size: string) => `порция ${size}`,
  plain: "без добавок",
  allDay: "Всего",
  fullScreen: "На весь экран",
  leaveFullScreen: "Выйти из полного экрана",
  recentlyReady: "Готово",
  recall: "Вернуть на кухню",
  more: (number: string) => `Подробнее о заказе ${number}`,
  reprint: "Напечатать чек ещё раз",
  reprinted: (number: string) => `Чек заказа ${number} печатается ещё раз`,
  previousPage: "Предыдущая страница",
  nextPage: "Следующая страница",
  page: (page: number, pages: number) => `${page}/${pages}`,
  further: (count: number) => `+${count}`,
  asked: {
    start: (number: string) => `Начать заказ ${number}`,
    ready: (number: string) => `Заказ ${number} готов`,
    recall: (number: string) => `Вернуть заказ ${number}`,
    dismiss: (number: string) => `Отмену заказа ${number} видели`,
    reprint: (number: string) => `Напечатать чек заказа ${number} ещё раз`,
    line: (number: string, name: string) => `Заказ ${number}: ${name} — готово`,
  },
};

export default kitchen;
