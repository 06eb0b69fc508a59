SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS client_id
FROM 'weather/+/+/+/batch'
