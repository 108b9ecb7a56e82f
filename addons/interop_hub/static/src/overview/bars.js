import { Component } from "@odoo/owl";

/** Bars of one hour: what was processed upwards, what failed on top of it in another colour. */
export class Bars extends Component {
    static template = "interop_hub.Bars";
    static props = {
        done: { type: Array, element: Number },
        failed: { type: Array, element: Number },
        height: { type: Number, optional: true },
        label: { type: String, optional: true },
    };
    static defaultProps = { height: 28, label: "" };

    get width() {
        return this.props.done.length * 4;
    }

    get top() {
        return Math.max(1, ...this.props.done.map((done, n) => done + this.props.failed[n]));
    }

    get bars() {
        const scale = this.props.height / this.top;
        return this.props.done.map((done, n) => {
            const failed = this.props.failed[n];
            // A single message still has to be seen.
            const doneHeight = done && Math.max(done * scale, 1.5);
            const failedHeight = failed && Math.max(failed * scale, 1.5);
            const total = Math.min(doneHeight + failedHeight, this.props.height);
            return {
                x: n * 4 + 0.5,
                doneHeight: total - failedHeight,
                doneY: this.props.height - total + failedHeight,
                failedHeight,
                failedY: this.props.height - total,
                ago: this.props.done.length - 1 - n,
                done,
                failed,
            };
        });
    }
}
