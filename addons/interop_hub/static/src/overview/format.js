import { formatInteger } from "@web/views/fields/formatters";

/** Seconds as a person says them: 42 s, 5 min, 3 h, 2 d. */
export function age(seconds) {
    if (seconds === null || seconds === undefined || seconds === false) {
        return "–";
    }
    if (seconds < 120) {
        return `${seconds} s`;
    }
    if (seconds < 7200) {
        return `${Math.floor(seconds / 60)} min`;
    }
    if (seconds < 172800) {
        return `${Math.floor(seconds / 3600)} h`;
    }
    return `${Math.floor(seconds / 86400)} d`;
}

/** Seconds of latency with as many digits as matter. */
export function latency(seconds) {
    if (seconds === null || seconds === undefined) {
        return "–";
    }
    if (seconds < 1) {
        return `${Math.round(seconds * 1000)} ms`;
    }
    return seconds < 120 ? `${seconds.toFixed(1)} s` : age(Math.round(seconds));
}

export const number = (value) => formatInteger(value || 0);
