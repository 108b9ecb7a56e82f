import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** One smart button per model that a message touched. */
export class LinkedField extends Component {
    static template = "interop_hub.LinkedField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get entries() {
        return this.props.record.data[this.props.name] || [];
    }

    open(model) {
        const { resModel, resId } = this.props.record;
        return this.action.doActionButton({
            type: "object",
            name: "action_open_linked",
            resModel,
            resId,
            resIds: [resId],
            buttonContext: { linked_model: model },
        });
    }
}

registry.category("fields").add("interop_linked", { component: LinkedField, supportedTypes: ["json"] });
