-- A copy of a production database takes no messages and drains nothing.
UPDATE interop_interface SET state = 'paused' WHERE state = 'active';
UPDATE interop_lane SET paused = TRUE;
UPDATE interop_system SET environment = 'test' WHERE environment = 'production';
