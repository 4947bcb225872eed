"""
What a building stock needs and uses: heat, hot water, electricity, sun, heat networks.

Formula, table function, chain: the modules here know arrays and tables; `twin.simulate` alone puts
them in order. Energy is in kWh a year or W an hour, power in kW, areas in m², money in EUR.
"""
