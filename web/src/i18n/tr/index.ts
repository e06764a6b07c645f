import board from "./board";
import common from "./common";
import entry from "./entry";
import insights from "./insights";
import kitchen from "./kitchen";
import setup from "./setup";
import signIn from "./sign-in";

export default { common, board, kitchen, entry, insights, setup, signIn };
